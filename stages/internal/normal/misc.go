package normal

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// booleans are folded words of the contract's languages.
var booleans = map[string]bool{
	"1": true, "true": true, "t": true, "yes": true, "y": true, "on": true, "x": true, "✓": true, "✔": true, "checked": true,
	"wahr": true, "ja": true, "j": true, "ein": true, "an": true, "ano": true, "pravda": true, "oui": true, "vrai": true,
	"sí": true, "si": true, "sì": true, "verdadero": true, "vero": true, "waar": true, "aan": true, "tak": true, "sim": true,
	"так": true, "да": true, "active": true,
	"0": false, "false": false, "f": false, "no": false, "n": false, "off": false, "unchecked": false, "✗": false, "✘": false,
	"falsch": false, "nein": false, "aus": false, "ne": false, "nepravda": false, "non": false, "faux": false,
	"falso": false, "nee": false, "onwaar": false, "uit": false, "nie": false, "não": false, "nao": false,
	"ні": false, "нет": false, "inactive": false,
}

// Bool reads yes or no in the contract's languages. ok is false for null and for
// other words.
func Bool(cell string) (value, ok bool) {
	value, ok = booleans[Fold(Guard(trim(cell)))]
	return value, ok
}

// Digits returns the ASCII digits of a text.
func Digits(s string) string {
	if allDigits(s) {
		return s
	}
	return keep(s, func(c byte) bool { return isDigit(c) })
}

// RegistrationNumber returns the compare key of a company register or tax
// number: letters and digits, upper-case, leading zeros kept. "" for null.
func RegistrationNumber(cell string) string {
	s := Guard(trim(cell))
	if IsNull(s) {
		return ""
	}
	s = norm.NFKC.String(Entities(s)) // full-width digits
	return keep(strings.ToUpper(transliterate(fold(s), plainLetters)), isAlnum)
}

// VAT returns the compare key of a VAT number, without words in front such as
// "USt-IdNr." or "VAT no.". "" for null.
func VAT(cell string) string {
	key := RegistrationNumber(cell)
	for _, label := range []string{"USTIDNR", "USTID", "UID", "UIDNR", "VATREGNO", "VATNUMBER", "VATNO", "VATID", "VAT", "DIC", "PIVA", "NIF", "TVA", "BTW"} {
		if rest, found := strings.CutPrefix(key, label); found && countDigits(rest) > 3 {
			return rest
		}
	}
	return key
}

func keep(s string, wanted func(byte) bool) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if wanted(s[i]) {
			b.WriteByte(s[i])
		}
	}
	return b.String()
}
