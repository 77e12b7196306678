package normal

import (
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/nyaruka/phonenumbers"
)

// A full libphonenumber parse costs some 20 microseconds. Most numbers of an
// export are plain ("+49 30 901820", "0151 11000000") and need only a small part
// of it: numberingPlan holds that part, taken from the library's own metadata.
// It only ever says "valid, and this is the number"; every doubt goes the long
// way, and a test holds both ways to the same answers.
type numberingPlan struct {
	code     string // calling code, "49"
	abroad   string // literal prefix of international calls, "00", else ""
	trunk    string // literal national prefix, "0", else ""
	metadata *phonenumbers.PhoneMetadata
	compile  sync.Once
	prefix   *regexp.Regexp // what the library would strip in front
	general  *regexp.Regexp
	fixed    *regexp.Regexp
	mobile   *regexp.Regexp
}

type numberingPlans struct {
	byRegion map[string]*numberingPlan
	byCode   map[string]*numberingPlan // main region of each calling code
}

var plans = sync.OnceValue(loadPlans)

func loadPlans() numberingPlans {
	p := numberingPlans{map[string]*numberingPlan{}, map[string]*numberingPlan{}}
	collection, err := phonenumbers.MetadataCollection()
	if err != nil {
		return p // no plans: every number goes the long way
	}
	for _, m := range collection.GetMetadata() {
		plan := newPlan(m)
		region := m.GetId()
		if main := phonenumbers.GetRegionCodeForCountryCode(int(m.GetCountryCode())); main == region {
			p.byCode[plan.code] = plan
		}
		p.byRegion[region] = plan
	}
	return p
}

func newPlan(m *phonenumbers.PhoneMetadata) *numberingPlan {
	plan := &numberingPlan{code: strconv.Itoa(int(m.GetCountryCode())), metadata: m}
	if p := m.GetInternationalPrefix(); countDigits(p) == len(p) {
		plan.abroad = p
	}
	if p := m.GetNationalPrefixForParsing(); countDigits(p) == len(p) && m.GetNationalPrefixTransformRule() == "" {
		plan.trunk = p
	}
	return plan
}

// ready compiles the plan at its first use; a company meets few of the 250.
func (p *numberingPlan) ready() *numberingPlan {
	p.compile.Do(func() {
		m := p.metadata
		p.general = whole(m.GetGeneralDesc())
		p.fixed = whole(m.GetFixedLine())
		p.mobile = whole(m.GetMobile())
		if prefix := m.GetNationalPrefixForParsing(); prefix != "" {
			p.prefix = regexp.MustCompile("^(?:" + prefix + ")")
		}
	})
	return p
}

func whole(d *phonenumbers.PhoneNumberDesc) *regexp.Regexp {
	return regexp.MustCompile("^(?:" + d.GetNationalNumberPattern() + ")$")
}

func (p *numberingPlan) valid(national string) bool {
	return len(national) > 3 && p.general.MatchString(national) &&
		(fits(p.fixed, p.metadata.GetFixedLine(), national) || fits(p.mobile, p.metadata.GetMobile(), national))
}

// fits mirrors the library: the length must be possible for the general plan
// and, where a kind of number lists lengths of its own, for that kind.
func fits(pattern *regexp.Regexp, d *phonenumbers.PhoneNumberDesc, national string) bool {
	for _, n := range d.GetPossibleLength() {
		if int(n) == len(national) {
			return pattern.MatchString(national)
		}
	}
	return len(d.GetPossibleLength()) == 0 && pattern.MatchString(national)
}

// fastPhone returns the E.164 form of a plainly written valid number.
func fastPhone(s, country string) (string, bool) {
	digits, international, ok := plainDigits(s)
	if !ok {
		return "", false
	}
	if international {
		return fastInternational(digits)
	}
	plan := plans().byRegion[country]
	if plan == nil {
		return "", false
	}
	if plan.abroad != "" && strings.HasPrefix(digits, plan.abroad) {
		return fastInternational(digits[len(plan.abroad):])
	}
	return plan.ready().national(digits)
}

// plainDigits accepts digits with ordinary punctuation and one leading plus.
func plainDigits(s string) (digits string, international, ok bool) {
	var buf [16]byte
	n := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case isDigit(c):
			if n == len(buf) {
				return "", false, false
			}
			buf[n] = c
			n++
		case c == '+' && i == 0:
			international = true
		case c == ' ', c == '-', c == '(', c == ')', c == '/':
		case c == '.' && i+2 < len(s): // "030.901820", but not a float's ".0"
		default:
			return "", false, false
		}
	}
	return string(buf[:n]), international, n > minDigits
}

func fastInternational(digits string) (string, bool) {
	for n := 1; n <= 3 && n < len(digits); n++ {
		plan := plans().byCode[digits[:n]]
		if plan == nil {
			continue
		}
		national := digits[n:]
		plan.ready()
		if plan.prefix != nil && plan.prefix.MatchString(national) || !plan.valid(national) {
			return "", false
		}
		return "+" + digits, true
	}
	return "", false
}

// national reads a number dialled inside the country: the trunk prefix goes.
// Digits that begin like the calling code may be an international number
// without its plus: a doubt.
func (p *numberingPlan) national(digits string) (string, bool) {
	if strings.HasPrefix(digits, p.code) {
		return "", false
	}
	if p.prefix != nil && p.prefix.MatchString(digits) {
		if p.trunk == "" {
			return "", false
		}
		digits = digits[len(p.trunk):]
	}
	if !p.valid(digits) {
		return "", false
	}
	return "+" + p.code + digits, true
}
