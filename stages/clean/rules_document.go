package clean

// documentRules are the findings on documents: why a file is not uploaded, and
// what is odd about one that is.
func documentRules() []Rule {
	return []Rule{
		{"document_missing", "error", "The document's file is nowhere it was looked for; it is not uploaded.",
			"Put the file where the hint says and extract again."},
		{"document_refused", "error", "The place of the document's file leads out of its folder, or to where nothing is fetched; it is not uploaded.",
			"Correct the place in the source, or put the file into the folder of --documents."},
		{"document_remote_not_allowed", "error", "The document's file is on a host or in a bucket that nobody has allowed; it is not uploaded.",
			"Allow the host with --allow-host, name the bucket with --s3-endpoint and --s3-bucket, or put the file into the folder of --documents; then extract again."},
		{"document_too_large", "error", "The document's file is larger than Pipedrive takes; it is not uploaded.", "Keep it elsewhere and link to it from a note."},
		{"document_error", "error", "The document's file could not be fetched; it is not uploaded.", "See the reason, then extract again."},
		{"document_empty", "info", "The document's file is empty, which Pipedrive does not take; a note stands for it.", "Nothing to do unless it should have content."},
		{"document_without_file", "info", "The document's record names no file; a note stands for it.", "Nothing to do unless it should have one."},
		{"document_size_differs", "warning", "The document's file has another size than its record says; it is uploaded as it is.",
			"Compare it with the one the old system shows."},
	}
}
