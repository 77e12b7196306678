package automation

import (
	"fmt"
	"strings"

	"github.com/mattn/go-runewidth"
)

// drawing is a flow as shapes, in pixels, free of any markup.
type drawing struct {
	Width, Height int
	Boxes         []box
	Paths         []string // path data: only letters and numbers that we write
	Dots          []point
	Chips         []box
}

type point struct{ X, Y int }

type box struct {
	X, Y, W, H int
	Class      string
	Full       string // the whole text, for who points at it
	Lines      []textLine
}

type textLine struct {
	X, Y  int
	Text  string
	Class string
}

// The measures of a flow, in pixels.
const (
	boxWidth   = 226
	columnGap  = 30
	rowGap     = 26
	branchDrop = 52 // from a fork to its branches, with room for their names
	lineHeight = 17
	boxPadding = 9
	margin     = 14
	columns    = 29 // characters in a line of a box
)

// draw lays an automation out from top to bottom; branches stand side by side
// and come together again when the path goes on after them.
func (n Names) draw(a Automation, main []node) drawing {
	width := pathWidth(main)
	d := drawing{Width: width + 2*margin}
	center := margin + width/2
	var triggers []string
	for _, t := range a.Triggers {
		triggers = append(triggers, show(n.DescribeTrigger(t)))
	}
	y := d.addBox(center, margin, "trigger", "Starts when", firstText(strings.Join(triggers, " or "), "nothing starts it"))
	if len(main) > 0 {
		d.arrow(center, y, y+rowGap)
		y = d.place(n, main, center, y+rowGap, true)
	} else {
		d.stop(center, y)
		y += rowGap
	}
	d.Height = y + margin
	return d
}

func pathWidth(nodes []node) int {
	width := boxWidth
	for _, n := range nodes {
		width = max(width, forkWidth(n.branches))
	}
	return width
}

func forkWidth(branches []branch) int {
	width := max(0, len(branches)-1) * columnGap
	for _, b := range branches {
		width += pathWidth(b.nodes)
	}
	return width
}

// place draws a path and gives the y at which it ends. A path that ends here
// gets a dot.
func (d *drawing) place(n Names, nodes []node, center, y int, ends bool) int {
	for i, at := range nodes {
		last := i == len(nodes)-1
		y = d.addBox(center, y, class(at.step), at.number, show(n.DescribeStep(at.step)))
		if at.goesOn != "" {
			y = d.addChip(center, y+rowGap/2, show(at.goesOn))
		}
		if len(at.branches) > 0 {
			y = d.placeFork(n, at, center, y, last && ends)
			if last {
				return y
			}
		}
		switch stops := at.goesOn != ""; {
		case !last && !stops:
			d.arrow(center, y, y+rowGap)
			y += rowGap
		case !last:
			y += rowGap
		case ends && !stops && at.step.Kind != "end":
			d.stop(center, y)
			y += rowGap
		}
	}
	return y
}

// placeFork draws the branches of a fork and brings them together again, unless
// the whole ends with them.
func (d *drawing) placeFork(n Names, at node, center, y int, ends bool) int {
	left := center - forkWidth(at.branches)/2
	bottom := y + branchDrop
	type tail struct{ x, y int }
	var open []tail
	for _, b := range at.branches {
		width := pathWidth(b.nodes)
		x := left + width/2
		left += width + columnGap
		top := y + branchDrop
		d.Paths = append(d.Paths, fmt.Sprintf("M%d %dV%dH%dV%d", center, y, y+rowGap/2, x, top))
		d.addChip(x, y+rowGap/2+6, show(firstText(b.name, "then")))
		if b.goesOn != "" {
			bottom = max(bottom, d.addChip(x, top, show(b.goesOn)))
			continue
		}
		if len(b.nodes) > 0 {
			d.arrow(x, top-8, top)
		}
		end := d.place(n, b.nodes, x, top, ends)
		if ends && len(b.nodes) == 0 {
			d.stop(x, top)
			end += rowGap
		}
		if bottom = max(bottom, end); !closed(b.nodes) {
			open = append(open, tail{x, end})
		}
	}
	if ends {
		return bottom
	}
	join := bottom + rowGap/2
	for _, t := range open {
		d.Paths = append(d.Paths, fmt.Sprintf("M%d %dV%dH%dV%d", t.x, t.y, join, center, join+1))
	}
	return join
}

// closed reports whether a path ends for good.
func closed(nodes []node) bool {
	if len(nodes) == 0 {
		return false
	}
	last := nodes[len(nodes)-1]
	return last.step.Kind == "end" || last.goesOn != ""
}

func class(s Step) string {
	look := map[string]string{"wait": "wait", "condition": "fork", "split": "fork", "goal": "fork", "end": "end", "send_email": "mail", "notify": "mail"}[s.Kind]
	if look == "" {
		look = "act"
	}
	return look + " support-" + string(EquivalentStep(s).Support)
}

// addBox draws a box around a text and gives the y below it.
func (d *drawing) addBox(center, y int, class, head, text string) int {
	lines := wrap(text, columns, 3)
	b := box{X: center - boxWidth/2, Y: y, W: boxWidth, H: 2*boxPadding + lineHeight*(len(lines)+1) - 4, Class: class, Full: text}
	b.Lines = []textLine{{b.X + 12, y + boxPadding + 11, head, "number"}}
	for i, l := range lines {
		b.Lines = append(b.Lines, textLine{b.X + 12, y + boxPadding + 11 + lineHeight*(i+1), l, "words"})
	}
	d.Boxes = append(d.Boxes, b)
	return y + b.H
}

// addChip draws a small label in the middle of a line and gives the y below it.
func (d *drawing) addChip(center, y int, text string) int {
	short := wrap(text, columns, 1)[0]
	w := runewidth.StringWidth(short)*7 + 18
	d.Chips = append(d.Chips, box{X: center - w/2, Y: y, W: w, H: 20, Full: text, Lines: []textLine{{center, y + 14, short, "chip"}}})
	return y + 20
}

func (d *drawing) arrow(x, from, to int) {
	d.Paths = append(d.Paths, fmt.Sprintf("M%d %dV%dM%d %dL%d %dL%d %d", x, from, to-1, x-4, to-6, x, to-1, x+4, to-6))
}

func (d *drawing) stop(x, y int) {
	d.Paths = append(d.Paths, fmt.Sprintf("M%d %dV%d", x, y, y+14))
	d.Dots = append(d.Dots, point{x, y + 18})
}

// wrap breaks a text into lines of so many columns; what is left over after the
// last one is cut with an ellipsis. Wide characters count twice.
func wrap(text string, width, most int) (lines []string) {
	line := ""
	for _, word := range strings.Fields(text) {
		for {
			joined := strings.TrimSpace(line + " " + word)
			if runewidth.StringWidth(joined) <= width {
				line = joined
				break
			}
			if line == "" { // a word longer than a line
				line = runewidth.Truncate(word, width, "")
				word = strings.TrimPrefix(word, line)
			}
			lines, line = append(lines, line), ""
			if len(lines) > most {
				break
			}
		}
		if len(lines) > most {
			break
		}
	}
	if lines = append(lines, line); len(lines) > most {
		rest := lines[most-1] + " " + lines[most]
		lines = append(lines[:most-1], runewidth.Truncate(rest, width, "…"))
	}
	return lines
}
