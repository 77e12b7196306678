// Command nextpipe moves a company from NextCRM to Pipedrive through one local
// SQLite file. This package parses, calls a stage and prints; it holds no logic.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

func main() {
	// Rows pass through in great numbers and live for a moment: collecting less
	// often saves a tenth of the time, and the limit keeps memory flat.
	debug.SetGCPercent(400)
	debug.SetMemoryLimit(128 << 20)
	os.Exit(run(os.Args, os.Stdout, os.Stderr))
}

// run is the whole program as a function of its arguments. The first interrupt
// lets what is under way come to a safe end; a second one kills, which is safe too.
func run(args []string, stdout, stderr *os.File) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	p := newPrinter(stdout, stderr)
	err := newApp(p).RunContext(ctx, args)
	return p.finish(err)
}
