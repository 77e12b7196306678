package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"nextpipe/stages"
)

// printer writes results to stdout and talk to stderr.
type printer struct {
	stdout, stderr calm
	terminal       *os.File // stderr itself, for our own sequences
	asJSON, quiet  bool
	animate        bool
	lineOpen       bool
	lastShown      time.Time
	phase          string
	phaseBegan     time.Time
}

func newPrinter(stdout, stderr *os.File) *printer {
	return &printer{stdout: calm{stdout}, stderr: calm{stderr}, terminal: stderr, lastShown: time.Now()}
}

func (p *printer) configure(asJSON, quiet, noColor bool) {
	p.asJSON, p.quiet = asJSON, quiet
	p.animate = !quiet && !noColor && os.Getenv("TERM") != "dumb" && term.IsTerminal(int(p.terminal.Fd()))
}

// line prints one line of result.
func (p *printer) line(format string, args ...any) {
	p.clear()
	if !p.asJSON {
		fmt.Fprintln(p.stdout, fmt.Sprintf(format, args...))
	}
}

// row prints one line of result that holds text of others.
func (p *printer) row(format string, args ...any) {
	p.line("%s", inOneLine(fmt.Sprintf(format, args...)))
}

// object prints one line of JSON when --json is on.
func (p *printer) object(kind string, v any) {
	if !p.asJSON {
		return
	}
	data, err := json.Marshal(map[string]any{"type": kind, kind: v})
	if err == nil {
		fmt.Fprintln(p.stdout, escaped(data))
	}
}

// ended prints the line of a stage that has ended.
func (p *printer) ended(e stages.Ended) {
	mark := "✓"
	if e.Err != nil {
		mark = "✗"
	}
	p.line("%s %-10s %s   (%s)", mark, e.Stage, e.Result, e.Took.Round(time.Millisecond))
	p.object("stage", e)
}

// progress shows how far a stage is: records, rate, tokens, time to go.
// Without a terminal it says so every ten seconds.
func (p *printer) progress(g stages.Progress) {
	if p.quiet {
		return
	}
	if key := g.Stage + " " + g.Entity; key != p.phase {
		p.phase, p.phaseBegan = key, time.Now()
	}
	every := 10 * time.Second
	if p.animate {
		every = 100 * time.Millisecond
	}
	if time.Since(p.lastShown) < every {
		return
	}
	p.lastShown = time.Now()
	text := fmt.Sprintf("%s %s %d", g.Stage, g.Entity, g.Done)
	if g.Total > 0 {
		text += fmt.Sprintf("/%d", g.Total)
	}
	text += p.pace(g)
	if p.animate {
		p.wipe()
		fmt.Fprint(p.stderr, text)
		p.lineOpen = true
		return
	}
	fmt.Fprintln(p.stderr, text)
}

func (p *printer) pace(g stages.Progress) string {
	took := time.Since(p.phaseBegan)
	if g.Done == 0 || took < time.Second {
		return ""
	}
	rate := float64(g.Done) / took.Seconds()
	text := fmt.Sprintf(" · %.0f/s", rate)
	if g.Tokens > 0 {
		text += fmt.Sprintf(" · %d tokens", g.Tokens)
	}
	if g.Total > g.Done {
		text += " · " + time.Duration(float64(g.Total-g.Done)/rate*float64(time.Second)).Round(time.Second).String() + " to go"
	}
	return text
}

// longWait is what a person at the terminal would wonder about.
const longWait = 5 * time.Second

// wait sleeps, and says so when that takes long.
func (p *printer) wait(ctx context.Context, d time.Duration) error {
	if d >= longWait && !p.quiet {
		p.clear()
		fmt.Fprintf(p.stderr, "waiting %s: Pipedrive asks for it, or requests without an answer may still be carried out\n", d.Round(time.Second))
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

func (p *printer) clear() {
	if p.lineOpen {
		p.wipe()
		p.lineOpen = false
	}
}

// wipe empties the line of progress.
func (p *printer) wipe() { fmt.Fprint(p.terminal, "\r\x1b[K") }

// finish prints the error, if any, and the summary line of --json.
func (p *printer) finish(err error) int {
	p.clear()
	code := stages.ExitCode(err)
	if err != nil {
		fmt.Fprintln(p.stderr, "nextpipe: "+message(err))
		if hint := stages.Hint(err); hint != "" {
			fmt.Fprintln(p.stderr, "next: "+hint)
		}
	}
	summary := map[string]any{"exit": code}
	if err != nil {
		summary["error"] = message(err)
	}
	if spent := (*stages.SpentError)(nil); errors.As(err, &spent) {
		summary["outlook"] = spent.Outlook
	}
	p.object("summary", summary)
	return code
}

// message drops the word "usage: " from errors that are about the command line,
// and says of an interrupt no more than that.
func message(err error) string {
	if errors.Is(err, context.Canceled) {
		return "interrupted"
	}
	text := strings.TrimPrefix(err.Error(), stages.ErrUsage.Error()+": ")
	return strings.ReplaceAll(text, "\n", "\n  ")
}
