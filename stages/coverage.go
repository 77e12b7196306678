package stages

import "nextpipe/stages/internal/nextcrm"

// CoverageTable says what becomes of every table and file of NextCRM, for the README.
func CoverageTable() string { return nextcrm.CoverageMarkdown() }
