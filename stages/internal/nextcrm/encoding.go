package nextcrm

import (
	"bytes"
	"fmt"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// charset names how the bytes of a file become UTF-8. Besides these, any label
// of the WHATWG list may be given by the user.
type charset string

const (
	utf8Text    charset = "utf-8"
	utf16Little charset = "utf-16le"
	utf16Big    charset = "utf-16be"
	// cp1252 is the fallback and never Latin-1: only it has €, „ and –.
	cp1252 charset = "windows-1252"
	// mixedText is UTF-8 with single stray bytes, as when a text column was
	// cut inside a character; only the strays are read as cp1252.
	mixedText charset = "utf-8 with windows-1252 bytes"
)

// survey is what one pass over all bytes of a file shows. It is done before
// parsing, because a sample cannot promise that the rest is valid too.
type survey struct {
	charset       charset
	bom           bool
	strayBytes    int64 // bytes that are not UTF-8
	multibyte     int64 // characters of several bytes beside them
	nulBytes      int64
	undecodable   int64 // characters lost in decoding
	doubleEncoded int64 // traces of UTF-8 that was encoded twice (Ã¼ for ü)
	// backslashQuote is true when \" stands somewhere in the file.
	backslashQuote bool
}

var (
	bomUTF8     = []byte{0xEF, 0xBB, 0xBF}
	bomLittle   = []byte{0xFF, 0xFE}
	bomBig      = []byte{0xFE, 0xFF}
	doubledLead = []byte{0xC3, 0x83} // Ã, what the first byte of ü ä ö ß é becomes
)

// takeSurvey reads a file to its end. forced, when not empty, is used for every
// file that does not carry a byte order mark of its own.
//
// Valid text costs one look at its bytes. Only when some are not UTF-8 a second
// pass counts the characters of the whole file, to see which kind prevails.
func takeSurvey(open func() (io.ReadCloser, error), forced charset) (survey, error) {
	s, err := surveyPass(open, forced, (*survey).findStrays)
	if err != nil || s.strayBytes == 0 {
		return s, err
	}
	if s, err = surveyPass(open, forced, (*survey).countStrays); err != nil {
		return s, err
	}
	return s, s.settle(forced)
}

func surveyPass(open func() (io.ReadCloser, error), forced charset, look func(*survey, []byte)) (s survey, err error) {
	r, err := open()
	if err != nil {
		return s, err
	}
	defer r.Close()
	buf, kept := make([]byte, readSize), 0
	for first := true; ; first = false {
		n, err := io.ReadFull(r, buf[kept:])
		last := err == io.EOF || err == io.ErrUnexpectedEOF
		if err != nil && !last {
			return s, err
		}
		chunk := buf[:kept+n]
		if first {
			s.charset, s.bom = firstGuess(chunk, forced)
		}
		// The tail is seen again with the next chunk, so that no character
		// and no pair of bytes is missed at the seam.
		cut := len(chunk)
		if !last {
			cut = seam(chunk)
		}
		s.count(chunk, cut, look)
		if last {
			return s, nil
		}
		kept = copy(buf, chunk[cut:])
	}
}

// seam finds the start of the character that is 4 to 7 bytes before the end.
func seam(chunk []byte) int {
	cut := max(len(chunk)-utf8.UTFMax, 0)
	for back := 0; back < utf8.UTFMax-1 && cut > 0 && !utf8.RuneStart(chunk[cut]); back++ {
		cut--
	}
	return cut
}

// count adds what chunk[:cut] holds; pairs may reach beyond the cut.
func (s *survey) count(chunk []byte, cut int, look func(*survey, []byte)) {
	if s.charset == utf8Text {
		s.nulBytes += int64(bytes.Count(chunk[:cut], []byte{0}))
		look(s, chunk[:cut])
		s.countDoubled(chunk, cut)
	}
	s.backslashQuote = s.backslashQuote || hasBackslashQuote(chunk, cut)
}

func (s *survey) findStrays(b []byte) {
	if !utf8.Valid(b) {
		s.strayBytes++
	}
}

func (s *survey) countDoubled(chunk []byte, cut int) {
	for from := 0; from < cut; {
		i := bytes.Index(chunk[from:], doubledLead)
		if i < 0 || from+i >= cut {
			return
		}
		from += i + len(doubledLead)
		if from < len(chunk) && bytes.IndexByte([]byte{0xC2, 0xC5, 0xC6, 0xCB, 0xE2}, chunk[from]) >= 0 {
			s.doubleEncoded++
		}
	}
}

// hasBackslashQuote also finds the pair in UTF-16, where a NUL is between.
func hasBackslashQuote(chunk []byte, cut int) bool {
	for from := 0; from < cut; {
		i := bytes.IndexByte(chunk[from:cut], '\\')
		if i < 0 {
			return false
		}
		from += i + 1
		if bytes.HasPrefix(bytes.TrimPrefix(chunk[from:], []byte{0}), []byte{'"'}) {
			return true
		}
	}
	return false
}

func (s *survey) countStrays(b []byte) {
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		if r == utf8.RuneError && size == 1 {
			s.strayBytes++
		} else if size > 1 {
			s.multibyte++
		}
		b = b[size:]
	}
}

// settle replaces the guess by what all bytes allow. True cp1252 text almost
// never forms valid UTF-8 sequences, so the more frequent kind decides.
func (s *survey) settle(forced charset) error {
	if s.charset != utf8Text || s.strayBytes == 0 {
		return nil
	}
	if forced == utf8Text {
		return fmt.Errorf("%d bytes are not UTF-8, although this encoding was asked for", s.strayBytes)
	}
	s.charset = cp1252
	if s.multibyte > s.strayBytes {
		s.charset = mixedText
	}
	return nil
}

// firstGuess looks for a byte order mark, then at what the user says, then for
// the zero bytes of UTF-16.
func firstGuess(head []byte, forced charset) (c charset, bom bool) {
	switch {
	case bytes.HasPrefix(head, bomUTF8):
		return utf8Text, true
	case bytes.HasPrefix(head, bomLittle):
		return utf16Little, true
	case bytes.HasPrefix(head, bomBig):
		return utf16Big, true
	case forced != "":
		return forced, false
	}
	return guessByZeros(head[:min(len(head), 4096)]), false
}

// guessByZeros knows UTF-16 by the zero byte that every other byte is in text
// of ASCII letters. A few NUL bytes are damage, not UTF-16.
func guessByZeros(head []byte) charset {
	var zeros [2]int
	for i, b := range head {
		if b == 0 {
			zeros[i%2]++
		}
	}
	switch many, few := len(head)*2/5, len(head)/20; {
	case zeros[1] > many && zeros[0] <= few:
		return utf16Little
	case zeros[0] > many && zeros[1] <= few:
		return utf16Big
	}
	return utf8Text
}

// parseCharset accepts the labels of the WHATWG list; "" stays "".
func parseCharset(label string) (charset, error) {
	if label == "" {
		return "", nil
	}
	e, err := htmlindex.Get(label)
	if err != nil {
		return "", fmt.Errorf("encoding %q is not known; try utf-8, windows-1252 or utf-16le", label)
	}
	name, err := htmlindex.Name(e)
	return charset(name), err
}

// decode gives the text of a file as UTF-8 without a byte order mark. Apart
// from the mark it adds and drops nothing.
func decode(r io.Reader, c charset, bom bool) (io.Reader, error) {
	if bom && c == utf8Text {
		if _, err := io.CopyN(io.Discard, r, int64(len(bomUTF8))); err != nil {
			return nil, err
		}
	}
	switch c {
	case utf8Text:
		return r, nil
	case cp1252, mixedText:
		return transform.NewReader(r, windowsDecoder{keepUTF8: c == mixedText}), nil
	case utf16Little:
		return transform.NewReader(r, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder()), nil
	case utf16Big:
		return transform.NewReader(r, unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewDecoder()), nil
	}
	e, err := htmlindex.Get(string(c))
	if err != nil {
		return nil, err
	}
	return transform.NewReader(r, e.NewDecoder()), nil
}

// windowsDecoder reads bytes as cp1252; with keepUTF8 only those that are not
// valid UTF-8. The five bytes that cp1252 leaves open become the control
// characters of the same number, so that no byte is lost.
type windowsDecoder struct {
	transform.NopResetter
	keepUTF8 bool
}

func (d windowsDecoder) Transform(dst, src []byte, atEOF bool) (nDst, nSrc int, err error) {
	for nSrc < len(src) {
		if d.keepUTF8 && !atEOF && !utf8.FullRune(src[nSrc:]) {
			return nDst, nSrc, transform.ErrShortSrc
		}
		r, size := d.decode(src[nSrc:])
		if nDst+utf8.RuneLen(r) > len(dst) {
			return nDst, nSrc, transform.ErrShortDst
		}
		nDst += utf8.EncodeRune(dst[nDst:], r)
		nSrc += size
	}
	return nDst, nSrc, nil
}

func (d windowsDecoder) decode(src []byte) (r rune, size int) {
	if d.keepUTF8 {
		if r, size = utf8.DecodeRune(src); r != utf8.RuneError || size > 1 {
			return r, size
		}
	}
	if r = charmap.Windows1252.DecodeByte(src[0]); r == utf8.RuneError {
		r = rune(src[0])
	}
	return r, 1
}

// countUndecodable reads decoded text to its end and counts the replacement
// characters: places where the original bytes made no sense.
func countUndecodable(r io.Reader) (n int64, err error) {
	mark := []byte(string(utf8.RuneError))
	buf := make([]byte, readSize)
	kept := 0
	for {
		read, err := r.Read(buf[kept:])
		chunk := buf[:kept+read]
		n += int64(bytes.Count(chunk, mark))
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		// Keep the start of a mark that is cut at the end of the chunk.
		kept = 0
		for k := min(len(mark)-1, len(chunk)); k > 0 && kept == 0; k-- {
			if bytes.HasPrefix(mark, chunk[len(chunk)-k:]) {
				kept = copy(buf, chunk[len(chunk)-k:])
			}
		}
	}
}
