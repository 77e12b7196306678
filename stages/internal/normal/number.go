package normal

import (
	"iter"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/currency"
)

// Amount is one exact decimal number. It never passes through a float.
type Amount struct {
	Value    string // "-1200.50": decimals kept as written, no grouping; "" when null or unreadable
	Currency string // ISO 4217 where the sign is unambiguous, else the sign ("$", "kr"); "" if none
	Reason   string
}

// Money reads an amount with an optional currency sign or code. mark is the
// column's decimal mark, '.' or ',' (see [DecimalMark]), or 0 if unknown. A value
// that proves its own mark ("2.402,00", "12,5") is read by that; the column's
// mark decides only "12,500" and "12.500". Brackets and minus signs on either
// side mean negative. To read a Value again, pass '.'.
func Money(cell string, mark byte) Amount {
	if isCanonical(cell) {
		return Amount{Value: cell}
	}
	s := Guard(trim(cell))
	if IsNull(s) {
		return Amount{}
	}
	return readAmount(Entities(s), mark)
}

// Number is [Money] for plain numbers: a currency makes it unreadable.
func Number(cell string, mark byte) (value, reason string) {
	a := Money(cell, mark)
	if a.Currency != "" {
		return "", NumberUnreadable
	}
	return a.Value, a.Reason
}

// Percent reads "45,2 %" as "45.2"; the sign may be missing.
func Percent(cell string, mark byte) (value, reason string) {
	s := strings.TrimSuffix(trim(cell), "%")
	return Number(s, mark)
}

// Integer reads an id or count that may be grouped: "1,057" is 1057, whatever
// the column's mark. Decimals are accepted only if they are zeros.
func Integer(cell string) (value, reason string) {
	s := Guard(trim(cell))
	if grouped(s, ',') || grouped(s, '.') {
		s = strings.NewReplacer(",", "", ".", "").Replace(s)
	}
	value, reason = Number(s, '.')
	whole, decimals, _ := strings.Cut(value, ".")
	if strings.Trim(decimals, "0") != "" {
		return "", NumberUnreadable
	}
	return whole, reason
}

// isCanonical is the fast path: 0, 12, -12.50, as this package writes them.
func isCanonical(s string) bool {
	digits := strings.TrimPrefix(s, "-")
	whole, decimals, point := strings.Cut(digits, ".")
	if whole == "" || len(whole) > 1 && whole[0] == '0' || point && (decimals == "" || len(decimals) == 3) {
		return false // three decimals might be a group
	}
	negativeZero := len(s) > len(digits) && strings.Trim(digits, "0.") == ""
	return !negativeZero && allDigits(whole) && allDigits(decimals)
}

func allDigits(s string) bool { return countDigits(s) == len(s) }

func readAmount(s string, mark byte) Amount {
	s, sign := takeCurrency(strings.Map(numberRune, s))
	s, negative, ok := takeSign(s)
	if ok && sign == "" { // "-€5": the sign stood outside the currency
		s, sign = takeCurrency(s)
	}
	if isScientific(s) {
		return Amount{Reason: NumberExponent}
	}
	whole, decimals, reason := splitDecimal(dropGroups(s), mark)
	if !ok {
		reason = NumberUnreadable
	}
	if reason != "" {
		return Amount{Reason: reason}
	}
	return Amount{Value: canonical(whole, decimals, negative), Currency: sign}
}

// numberRune maps the variants of blank, minus and apostrophe to one each.
func numberRune(r rune) rune {
	switch r {
	case '−', '–', '—', '‐', '‑', '﹣', '-':
		return '-'
	case '’', '‘', '´', '`', 'ʼ':
		return '\''
	}
	if unicode.IsSpace(r) {
		return ' '
	}
	if invisible(r) {
		return -1
	}
	return r
}

// currencySigns with one meaning; "$", "kr" and "¥" have several and stay as
// they are.
var currencySigns = map[string]string{
	"€": "EUR", "£": "GBP", "US$": "USD", "Kč": "CZK", "zł": "PLN", "₴": "UAH", "₹": "INR", "₺": "TRY",
	"₽": "RUB", "₪": "ILS", "₩": "KRW", "R$": "BRL", "A$": "AUD", "C$": "CAD", "Fr.": "CHF", "SFr.": "CHF",
	"Ft": "HUF", "грн": "UAH", "грн.": "UAH", "$": "$", "¥": "¥", "kr": "kr", "kr.": "kr",
}

// takeCurrency cuts a sign or ISO code off either end.
func takeCurrency(s string) (rest, sign string) {
	s = strings.TrimSpace(s)
	if first := strings.IndexAny(s, "0123456789(+-"); first > 0 {
		if sign = currencyOf(s[:first]); sign != "" {
			return strings.TrimSpace(s[first:]), sign
		}
	}
	last := strings.LastIndexAny(s, "0123456789)-,' ")
	if last >= 0 && last+1 < len(s) {
		if sign = currencyOf(s[last+1:]); sign != "" {
			return strings.TrimSpace(s[:last+1]), sign
		}
	}
	return s, ""
}

func currencyOf(word string) string {
	word = strings.TrimSpace(word)
	if sign := currencySigns[word]; sign != "" {
		return sign
	}
	if len(word) == 3 && isASCII(word) {
		if unit, err := currency.ParseISO(word); err == nil {
			return unit.String()
		}
	}
	return ""
}

// takeSign cuts brackets or a minus or plus on one side.
func takeSign(s string) (rest string, negative, ok bool) {
	if strings.HasPrefix(s, "(") {
		inner, closed := strings.CutSuffix(s[1:], ")")
		return strings.TrimSpace(inner), true, closed && !strings.ContainsAny(inner, "()-+")
	}
	switch {
	case strings.HasPrefix(s, "-"):
		s, negative = s[1:], true
	case strings.HasPrefix(s, "+"):
		s = s[1:]
	case strings.HasSuffix(s, "-") && !strings.HasSuffix(s, ",-") && !strings.HasSuffix(s, ".-") && !strings.HasSuffix(s, "--"):
		s, negative = s[:len(s)-1], true
	}
	for _, flat := range []string{",--", ".--", ",-", ".-"} { // "500,-" is 500 flat
		s = strings.TrimSuffix(s, flat)
	}
	return strings.TrimSpace(s), negative, true
}

// dropGroups removes blanks and apostrophes that group digits by three. A comma
// or point behind them then follows four or more digits, which proves it decimal.
func dropGroups(s string) string {
	for _, mark := range []byte{' ', '\''} {
		whole, rest := s, ""
		if i := strings.IndexAny(s, ".,"); i >= 0 && strings.IndexByte(s, mark) >= 0 {
			whole, rest = s[:i], s[i:]
		}
		if grouped(whole, mark) {
			s = strings.ReplaceAll(whole, string(mark), "") + rest
		}
	}
	return s
}

// grouped reports whether mark splits s into groups of three, or in the Indian
// way (12,34,567).
func grouped(s string, mark byte) bool {
	groups := strings.Split(strings.TrimLeft(s, "-+"), string(mark))
	first, last := groups[0], len(groups)-1
	if last < 1 || len(groups[last]) != 3 || first == "" || len(first) > 3 || first[0] == '0' || !allDigits(strings.Join(groups, "")) {
		return false
	}
	inner := 3
	if last > 1 && len(groups[1]) == 2 {
		inner = 2
	}
	return !slices.ContainsFunc(groups[1:last], func(g string) bool { return len(g) != inner })
}

// splitDecimal separates whole and decimal digits.
func splitDecimal(s string, mark byte) (whole, decimals, reason string) {
	decimal, grouping := provenMark(s)
	if decimal == 0 && grouping == 0 {
		if mark == 0 {
			return "", "", NumberAmbiguous
		}
		decimal = mark
	}
	if grouping == 0 {
		grouping = other(decimal)
	} else if decimal == 0 {
		decimal = other(grouping)
	}
	if i := strings.LastIndexByte(s, decimal); i >= 0 {
		s, decimals = s[:i], s[i+1:]
	}
	if grouped(s, grouping) {
		s = strings.ReplaceAll(s, string(grouping), "")
	}
	if s+decimals == "" || !allDigits(s+decimals) {
		return "", "", NumberUnreadable
	}
	return s, decimals, ""
}

// provenMark returns the decimal mark, or else the grouping mark, that the value
// alone proves; 0, 0 means "12,500": it could be either.
func provenMark(s string) (decimal, grouping byte) {
	first, last := strings.IndexAny(s, ".,"), strings.LastIndexAny(s, ".,")
	switch {
	case first < 0:
		return '.', 0
	case strings.IndexByte(s, '.') >= 0 && strings.IndexByte(s, ',') >= 0:
		return s[last], other(s[last])
	case first != last:
		return 0, s[first]
	case grouped(s, s[first]):
		return 0, 0
	}
	return s[first], 0
}

func other(mark byte) byte {
	if mark == ',' {
		return '.'
	}
	return ','
}

func canonical(whole, decimals string, negative bool) string {
	whole = strings.TrimLeft(whole, "0")
	if whole == "" {
		whole = "0"
	}
	value := whole
	if decimals != "" {
		value += "." + decimals
	}
	if negative && strings.Trim(value, "0.") != "" {
		value = "-" + value
	}
	return value
}

// MarkEvidence is what a column says about its decimal mark.
type MarkEvidence struct {
	Mark                       byte   // '.' or ','; 0 when nothing or both are proven
	Point, Comma               int    // values that prove a decimal point or comma
	Ambiguous                  int    // values such as 12,500 that need the decision
	PointExample, CommaExample string // first value of each kind
}

// DecimalMark decides the decimal mark of a column from the values that prove
// one ("1.250,75", "0,5"). A column that proves both is not decided.
func DecimalMark(values iter.Seq[string]) MarkEvidence {
	var e MarkEvidence
	for v := range values {
		e.add(v)
	}
	switch {
	case e.Point > 0 && e.Comma == 0:
		e.Mark = '.'
	case e.Comma > 0 && e.Point == 0:
		e.Mark = ','
	}
	return e
}

func (e *MarkEvidence) add(v string) {
	s, _ := takeCurrency(strings.Map(numberRune, Entities(Guard(trim(v)))))
	s, _, ok := takeSign(s)
	s = dropGroups(s)
	if !ok || !strings.ContainsAny(s, ".,") || !allDigits(strings.NewReplacer(".", "", ",", "").Replace(s)) {
		return
	}
	decimal, grouping := provenMark(s)
	switch {
	case decimal == '.' || grouping == ',':
		if e.Point++; e.Point == 1 {
			e.PointExample = v
		}
	case decimal == ',' || grouping == '.':
		if e.Comma++; e.Comma == 1 {
			e.CommaExample = v
		}
	default:
		e.Ambiguous++
	}
}
