package nextcrm

import "io"

// Attached is a source that brings files of its own.
type Attached interface {
	// OpenAttached opens the file that a list of documents names. Without one,
	// state says why: missing, refused, link or remote, as in document_file.
	OpenAttached(name string) (f io.ReadCloser, state string, err error)
}

// OpenAttached opens a file of the export's documents folders.
func (e *export) OpenAttached(name string) (f io.ReadCloser, state string, err error) {
	if e.attached.at == nil {
		e.attached.at = e.attached.index()
	}
	i, state := resolve(e.attached.at, name)
	if i < 0 {
		return nil, state, nil
	}
	a := e.attached.files[i]
	if a.refusal != "" {
		return nil, a.refusal, nil
	}
	f, err = a.open()
	return f, "", err
}
