package normal

import (
	"strconv"
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"
)

// PhoneNumber is one telephone number of a cell.
type PhoneNumber struct {
	Raw    string // as written, without neighbours in the same cell
	E164   string // "+493090182010", or "" when invalid; never holds the extension
	Ext    string // extension digits, or ""
	Key    string // compare key: E164, or what it would be, else 7 or more digits; may be ""
	Valid  bool   // exists in the country's numbering plan
	Reason string // why it is invalid
}

// minDigits is the shortest run that is taken for a number of its own when a
// cell is cut at / or a comma; "030/123" and "123-45/6" must stay whole.
const minDigits = 6

// Phone reads a cell that should hold telephone numbers. country is the ISO
// alpha-2 code (see [Country]) for numbers without +prefix; "" if unknown. An
// empty or null cell gives nil; one above 8 KB is not taken apart.
func Phone(cell, country string) []PhoneNumber {
	s := Guard(trim(cell))
	if IsNull(s) {
		return nil
	}
	if len(s) > maxCell {
		return []PhoneNumber{{Raw: s, Reason: TooLong}}
	}
	if e164, ok := fastPhone(s, country); ok {
		return []PhoneNumber{{Raw: s, E164: e164, Key: e164, Valid: true}}
	}
	var list []PhoneNumber
	for _, part := range splitPhones(Text(s)) {
		p := readPhone(part, country)
		if p.Key == "" || !hasPhone(list, p) {
			list = append(list, p)
		}
	}
	return list
}

func hasPhone(list []PhoneNumber, p PhoneNumber) bool {
	for _, q := range list {
		if p.Key == q.Key && p.Ext == q.Ext {
			return true
		}
	}
	return false
}

// splitPhones cuts at ; | and line breaks, and at / , "or" or a blank before a
// plus where both sides are long enough to be numbers. An RFC 3966 parameter
// (;ext=12) is no separator.
func splitPhones(s string) []string {
	var parts []string
	start := 0
	for i := 0; i < len(s); i++ {
		n := separatorLen(s[i:])
		if n == 0 {
			continue
		}
		hard := s[i] == ';' || s[i] == '|' || s[i] == '\n'
		if hard || countDigits(s[start:i]) >= minDigits && firstRun(s[i+n:]) >= minDigits {
			parts = appendPart(parts, s[start:i])
			start = i + n
		}
	}
	return appendPart(parts, s[start:])
}

func appendPart(parts []string, s string) []string {
	if s = strings.Trim(s, " \t,/;|\n"); s == "" || IsNull(s) {
		return parts
	}
	return append(parts, s)
}

func separatorLen(s string) int {
	switch s[0] {
	case ';':
		if hasAnyPrefix(strings.ToLower(s[1:]), "ext=", "isub=", "phone-context=") {
			return 0
		}
		return 1
	case '|', '\n', '/', ',':
		return 1
	case ' ':
		if strings.HasPrefix(s, " +") {
			return 1
		}
		for _, word := range []string{" or ", " oder ", " und ", " and ", " nebo ", " & "} {
			if len(s) >= len(word) && strings.EqualFold(s[:len(word)], word) {
				return len(word)
			}
		}
	}
	return 0
}

// firstRun counts the digits up to the next separator. A slash is none here: it
// also stands between area code and number.
func firstRun(s string) int {
	if i := strings.IndexAny(s, ",;|\n"); i >= 0 {
		s = s[:i]
	}
	return countDigits(s)
}

func hasAnyPrefix(s string, prefixes ...string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}

// readPhone reads one number by libphonenumber's rules.
func readPhone(raw, country string) PhoneNumber {
	p := PhoneNumber{Raw: raw}
	s := Guard(raw)
	switch {
	case isScientific(s):
		p.Reason = PhoneSpreadsheet
		return p
	case countDigits(s) == 0:
		p.Reason = PhoneNoDigits
		return p
	}
	s = withoutWords(markExtension(withoutFloat(s)))
	number, valid := parsePhone(s, country)
	if vanity, ok := parseVanity(raw, country); !valid && ok {
		number, valid = vanity, true
	}
	if valid {
		p.Valid, p.E164, p.Ext = true, phonenumbers.Format(number, phonenumbers.E164), number.GetExtension()
		p.Key = p.E164
		return p
	}
	p.Reason, p.Key = PhoneInvalid, digitKey(s, number)
	if country == "" && !strings.Contains(s, "+") {
		p.Reason = PhoneNoCountry
	}
	return p
}

// parsePhone tries the number as written in the country, then 00 as +, which
// people write also in countries that dial abroad with another prefix. An
// invalid number that could be parsed is returned, too.
func parsePhone(s, country string) (*phonenumbers.PhoneNumber, bool) {
	region := country
	if region == "" {
		region = "ZZ" // libphonenumber's word for unknown
	}
	if number, found := withoutPlus(s, region); found {
		return number, true
	}
	number, err := phonenumbers.Parse(s, region)
	if rest, found := strings.CutPrefix(s, "00"); found && (err != nil || !phonenumbers.IsValidNumber(number)) {
		number, err = phonenumbers.Parse("+"+rest, "ZZ")
	}
	if err != nil {
		return nil, false
	}
	return number, phonenumbers.IsValidNumber(number)
}

// withoutPlus recognises 4915111000000, a mobile number that lost its plus. Where
// lengths vary (Germany) the library would read it as a national number.
func withoutPlus(s, region string) (*phonenumbers.PhoneNumber, bool) {
	code := phonenumbers.GetCountryCodeForRegion(region)
	if code == 0 || !strings.HasPrefix(s, strconv.Itoa(code)) {
		return nil, false
	}
	number, err := phonenumbers.Parse("+"+s, "ZZ")
	if err != nil || int(number.GetCountryCode()) != code {
		return nil, false
	}
	return number, phonenumbers.GetNumberType(number) == phonenumbers.MOBILE
}

// parseVanity accepts capital letters as digits where that is a custom: the
// North American plan. Elsewhere letters are remarks.
func parseVanity(raw, country string) (*phonenumbers.PhoneNumber, bool) {
	if raw != strings.ToUpper(raw) || phonenumbers.GetCountryCodeForRegion(country) != 1 {
		return nil, false
	}
	number, err := phonenumbers.Parse(raw, country)
	return number, err == nil && phonenumbers.IsValidNumber(number)
}

// isScientific finds what a spreadsheet made of a long number: 4.9E+11.
func isScientific(s string) bool {
	s = strings.TrimPrefix(strings.TrimSpace(s), "+")
	mantissa, exponent, found := strings.Cut(strings.ToUpper(s), "E")
	exponent = strings.TrimPrefix(exponent, "+")
	mantissa = strings.Replace(strings.Replace(mantissa, ".", "", 1), ",", "", 1)
	return found && mantissa != "" && exponent != "" && len(exponent) <= 3 &&
		countDigits(mantissa) == len(mantissa) && countDigits(exponent) == len(exponent)
}

// withoutFloat undoes the ".0" that a number column gets in some tools.
func withoutFloat(s string) string {
	if whole, found := strings.CutSuffix(s, ".0"); found && len(whole) >= 8 && countDigits(whole) == len(whole) {
		return whole
	}
	return s
}

// extensionWords in the languages of the export contract; libphonenumber knows
// "ext", "x" and "#" itself.
var extensionWords = []string{"durchwahl", "nebenstelle", "dw", "extension", "ext", "poste", "linka", "klapka", "kl", "interno", "int", "toestel", "anexo", "вн", "доб"}

// markExtension rewrites an extension word after a number to " ext. ".
func markExtension(s string) string {
	lower := strings.ToLower(s)
	if len(lower) != len(s) || isASCII(lower) && !strings.ContainsFunc(lower, isLowerLetter) {
		return s
	}
	for _, word := range extensionWords {
		i := strings.LastIndex(lower, word)
		if i < minDigits || isLowerLetter(rune(lower[i-1])) {
			continue
		}
		tail := strings.TrimLeft(s[i+len(word):], " .:)=-")
		if n := countDigits(tail); n > 0 && n == len(tail) && countDigits(s[:i]) >= minDigits {
			return strings.TrimRight(s[:i], " ,;-(") + " ext. " + tail
		}
	}
	return s
}

func isLowerLetter(r rune) bool { return 'a' <= r && r <= 'z' }

// withoutWords drops remarks ("Tel.", "privat", "(home)"), which
// libphonenumber would otherwise read as keypad letters. The words it needs
// itself stay.
func withoutWords(s string) string {
	number, ext, hasExt := strings.Cut(s, " ext. ")
	if lower := strings.ToLower(number); strings.HasPrefix(lower, "tel:") {
		return s
	}
	number = dropLetters(number)
	if hasExt {
		return number + " ext. " + ext
	}
	return number
}

// dropLetters blanks letters except an x between digits, a known extension mark.
func dropLetters(s string) string {
	runes := []rune(s)
	for i, r := range runes {
		if !isPhoneRune(r) && !isExtensionX(runes, i) {
			runes[i] = ' '
		}
	}
	s = strings.ReplaceAll(strings.TrimSpace(string(runes)), "( )", " ")
	return strings.Trim(s, " .:,")
}

func isExtensionX(runes []rune, i int) bool {
	if runes[i] != 'x' && runes[i] != 'X' || i < minDigits || i+1 == len(runes) {
		return false
	}
	next := runes[i+1]
	return next == ' ' || '0' <= next && next <= '9'
}

// isPhoneRune keeps ASCII except letters, and the dashes, plus sign and digits of
// other scripts that libphonenumber reads.
func isPhoneRune(r rune) bool {
	if r < 0x80 {
		return '0' <= r && r <= '9' || !isAlnum(byte(r))
	}
	return unicode.In(r, unicode.Pd, unicode.Nd) || r == '−' || r == '＋'
}

// digitKey compares numbers that no plan knows: in E.164 form if the country is
// known and the length possible, else by their digits with a written plus.
func digitKey(s string, number *phonenumbers.PhoneNumber) string {
	if countDigits(s) < 7 {
		return ""
	}
	if number != nil && phonenumbers.IsPossibleNumber(number) {
		return phonenumbers.Format(number, phonenumbers.E164)
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if isDigit(s[i]) || s[i] == '+' && b.Len() == 0 {
			b.WriteByte(s[i])
		}
	}
	return b.String()
}
