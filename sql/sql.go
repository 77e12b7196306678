// Package sql holds the transforms: clean/ dedupe/ crosswalk/ final/ check/
// report/, one file = one SELECT = one table, run in the order of file names;
// in document/ one file = one SELECT = one CSV file.
package sql

import "embed"

// Files are the transform files, by folder.
//
//go:embed */*.sql
var Files embed.FS
