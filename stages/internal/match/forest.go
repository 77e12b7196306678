package match

// forest is a union-find structure over numbered nodes: path halving and union
// by smaller root, so that the result does not depend on the order of edges.
type forest struct{ parent []int32 }

func newForest(n int) *forest {
	f := &forest{parent: make([]int32, n)}
	for i := range f.parent {
		f.parent[i] = int32(i)
	}
	return f
}

func (f *forest) root(i int32) int32 {
	for f.parent[i] != i {
		f.parent[i] = f.parent[f.parent[i]]
		i = f.parent[i]
	}
	return i
}

func (f *forest) unite(edges [][2]int32) {
	for _, e := range edges {
		a, b := f.root(e[0]), f.root(e[1])
		f.parent[max(a, b)] = min(a, b)
	}
}

// groups returns the nodes of each tree, in node order.
func (f *forest) groups() [][]int32 {
	at := make(map[int32]int)
	var out [][]int32
	for i := range f.parent {
		root := f.root(int32(i))
		k, seen := at[root]
		if !seen {
			k = len(out)
			at[root] = k
			out = append(out, nil)
		}
		out[k] = append(out[k], int32(i))
	}
	return out
}
