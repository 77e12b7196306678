package match

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// people is a small set of contacts that share one mailbox.
func people(names map[string]string) map[string]Contact {
	contacts := map[string]Contact{}
	for key, name := range names {
		c := personNamed(name)
		c.Key, c.Emails, c.EmailKeys = key, []string{"x@y.example"}, []string{"x@y.example"}
		contacts[key] = c
	}
	return contacts
}

// cluster runs all pairs of the contacts through the rules and the graph, in a
// random order.
func cluster(t *testing.T, contacts map[string]Contact, rulings ...Ruling) []Cluster {
	t.Helper()
	g, err := NewGraph(rulings)
	if err != nil {
		t.Fatal(err)
	}
	compare := func(a, b string) (Verdict, error) { return ComparePersons(contacts[a], contacts[b]), nil }
	for a := range contacts { // map order is random, and must not matter
		for b := range contacts {
			if a != b {
				v, _ := compare(a, b)
				g.Add(a, b, v)
			}
		}
	}
	clusters, err := g.Clusters(compare)
	if err != nil {
		t.Fatal(err)
	}
	return clusters
}

func expect(t *testing.T, got []Cluster, want ...Cluster) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Cluster{}, "Reason"), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("clusters (-want +got):\n%s", diff)
	}
	for _, c := range got {
		if c.Held != (c.Reason != "") {
			t.Errorf("cluster %v: held %t with reason %q", c.Members, c.Held, c.Reason)
		}
	}
}

// merged is a cluster of one part.
func merged(members ...string) Cluster {
	return Cluster{Members: members, Parts: [][]string{members}}
}

func ruled(c Cluster) Cluster { c.Ruled = true; return c }

func held(parts ...string) Cluster {
	c := Cluster{Held: true}
	for _, p := range parts {
		part := strings.Fields(p)
		c.Parts, c.Members = append(c.Parts, part), append(c.Members, part...)
	}
	return c
}

func TestLinkedRecordsBecomeOneCluster(t *testing.T) {
	expect(t, cluster(t, people(map[string]string{"1": "Jo | Lane", "2": "Jo | Lane", "3": "J. | Lane"})), merged("1", "2", "3"))
}

func TestAContradictionWithinAClusterKeepsAllApart(t *testing.T) {
	got := cluster(t, people(map[string]string{"1": "J. | Smith", "2": "John | Smith", "3": "Jane | Smith"}))
	expect(t, got, held("1", "2", "3"))
	if !strings.Contains(got[0].Reason, "2 and 3 contradict") || !strings.Contains(got[0].Reason, "shared_mailbox") {
		t.Errorf("the reason should name the pair and its rule: %s", got[0].Reason)
	}
}

func TestAVetoNeedsNoSharedKey(t *testing.T) {
	c := people(map[string]string{"a": "Jan | Novák", "b": "J. | Novák", "c": "Jana | Novák"})
	a, b := c["a"], c["b"]
	a.Emails, a.EmailKeys = []string{"one@n.example"}, []string{"one@n.example"}
	b.Emails = []string{"one@n.example", "x@y.example"}
	b.EmailKeys = b.Emails
	c["a"], c["b"] = a, b
	expect(t, cluster(t, c), held("a", "b", "c"))
}

func TestAClusterOfMoreThanEightGoesToReview(t *testing.T) {
	names := map[string]string{}
	for i := range MaxCluster {
		names[fmt.Sprint(i+1)] = "Ann | Berg"
	}
	expect(t, cluster(t, people(names)), merged("1", "2", "3", "4", "5", "6", "7", "8"))
	names["9"] = "Ann | Berg"
	expect(t, cluster(t, people(names)), held("1", "2", "3", "4", "5", "6", "7", "8", "9"))
}

func TestAPersonsDecisionsWinOverRules(t *testing.T) {
	twins := map[string]string{"1": "Jo | Lane", "2": "Jo | Lane"}
	strangers := map[string]string{"1": "Jo | Lane", "2": "Max | Roth"}
	smiths := map[string]string{"1": "J. | Smith", "2": "John | Smith", "3": "Jane | Smith"}
	for name, c := range map[string]struct {
		names   map[string]string
		rulings []Ruling
		want    []Cluster
	}{
		"split parts what rules merge":    {twins, []Ruling{{Split, "1", "2"}}, nil},
		"join merges what rules part":     {strangers, []Ruling{{Join, "2", "1"}}, []Cluster{ruled(merged("1", "2"))}},
		"join overrules a veto":           {smiths, []Ruling{{Join, "1", "2"}, {Join, "2", "3"}}, []Cluster{ruled(merged("1", "2", "3"))}},
		"join stands in a held cluster":   {smiths, []Ruling{{Join, "1", "2"}}, []Cluster{ruled(held("1 2", "3"))}},
		"join and split divide a cluster": {smiths, []Ruling{{Join, "1", "2"}, {Split, "2", "3"}}, []Cluster{ruled(merged("1", "2"))}},
		"split with a link left is held": {map[string]string{"1": "Jo | Lane", "2": "Jo | Lane", "3": "Jo | Lane"},
			[]Ruling{{Split, "1", "2"}}, []Cluster{held("1", "2", "3")}},
		"join and split of one pair": {twins, []Ruling{{Join, "1", "2"}, {Split, "2", "1"}}, []Cluster{ruled(held("1", "2"))}},
	} {
		t.Run(name, func(t *testing.T) { expect(t, cluster(t, people(c.names), c.rulings...), c.want...) })
	}
}

func TestADecisionMustNameTwoRecords(t *testing.T) {
	for _, r := range []Ruling{{Join, "a", "a"}, {Split, "a", ""}, {"merge", "a", "b"}} {
		if _, err := NewGraph([]Ruling{r}); err == nil {
			t.Errorf("%v was taken", r)
		}
	}
}

func TestIdentityOfThePluginEditionNeedsNoNamesAndNoSize(t *testing.T) {
	names := map[string]string{}
	for i := range MaxCluster + 2 {
		names[fmt.Sprintf("%02d", i)] = "Same | Box"
	}
	names["01"] = "Other | Person"
	contacts := people(names)
	for key, c := range contacts {
		c.Edition = Plugin
		contacts[key] = c
	}
	got := cluster(t, contacts)
	if len(got) != 1 || got[0].Held || len(got[0].Members) != MaxCluster+2 {
		t.Errorf("want one merged cluster of %d, got %+v", MaxCluster+2, got)
	}
}

func TestAVetoDoesNotUndoAnIdentity(t *testing.T) {
	contacts := people(map[string]string{"1": "Ute | Kern", "2": "Rolf | Kern", "3": "Rolf | Kern"})
	for key, c := range contacts {
		c.Edition, c.Phones = Plugin, []string{"+4930000001"}
		if key == "3" {
			c.Emails, c.EmailKeys = nil, nil
		}
		contacts[key] = c
	}
	expect(t, cluster(t, contacts), held("1 2", "3"))
}

func TestAFailedComparisonIsAnErrorAndNotAMerge(t *testing.T) {
	g, _ := NewGraph(nil)
	g.Add("a", "b", Verdict{Decision: Merge})
	got, err := g.Clusters(func(a, b string) (Verdict, error) { return Verdict{}, fmt.Errorf("row is gone") })
	if err == nil || !strings.Contains(err.Error(), "compare a with b: row is gone") || got != nil {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestClustersDoNotDependOnTheOrderOfPairs(t *testing.T) {
	var edges [][2]string
	for i := range 200 {
		edges = append(edges, [2]string{fmt.Sprintf("%03d", i%97), fmt.Sprintf("%03d", (i*7)%97+i%3)})
	}
	build := func() []Cluster {
		g, _ := NewGraph([]Ruling{{Split, "003", "004"}, {Join, "001", "096"}})
		for _, e := range edges {
			g.Add(e[0], e[1], Verdict{Decision: Merge})
		}
		clusters, _ := g.Clusters(func(string, string) (Verdict, error) { return Verdict{}, nil })
		return clusters
	}
	first := build()
	for range 20 {
		rand.Shuffle(len(edges), func(i, j int) { edges[i], edges[j] = edges[j], edges[i] })
		if diff := cmp.Diff(first, build()); diff != "" {
			t.Fatalf("another order gave other clusters:\n%s", diff)
		}
	}
}
