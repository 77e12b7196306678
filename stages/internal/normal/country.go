package normal

import (
	"strings"
	"sync"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// Country returns the ISO 3166 alpha-2 code of a country given as alpha-2 or
// alpha-3 code or by its name in English, German, Czech, French, Spanish,
// Italian, Dutch, Polish, Portuguese or Ukrainian (CLDR), or a usual alias; ""
// if unknown.
func Country(cell string) string {
	s := NameValue(cell)
	if s == "" {
		return ""
	}
	table := countries()
	if code := table[s]; code != "" {
		return code
	}
	if !isASCII(s) && len([]rune(s)) <= 3 {
		return table[fold(s)] // "ČR" must not become CR, Costa Rica
	}
	return table[countryKey(s, germanLetters)]
}

// countryKey has letters only: "U.S.A." and "usa" are one.
func countryKey(s string, umlauts map[rune]string) string {
	return strings.Join(words(transliterate(fold(s), umlauts)), "")
}

var countries = sync.OnceValue(loadCountries)

func loadCountries() map[string]string {
	table := map[string]string{}
	add := func(name, code string) {
		for _, umlauts := range []map[rune]string{germanLetters, plainLetters} {
			if key := countryKey(name, umlauts); key != "" && table[key] == "" {
				table[key] = code
			}
		}
	}
	regions := isoRegions()
	for _, r := range regions { // codes first: they win over names
		add(r.String(), r.String())
		add(r.ISO3(), r.String())
		table[r.String()] = r.String()
	}
	for _, tag := range []language.Tag{
		language.English, language.German, language.Czech, language.French, language.Spanish,
		language.Italian, language.Dutch, language.Polish, language.Portuguese, language.Ukrainian,
	} {
		names := display.Regions(tag)
		for _, r := range regions {
			add(names.Name(r), r.String())
		}
	}
	for code, names := range countryAliases {
		for name := range strings.SplitSeq(names, "|") {
			add(name, code)
			table[fold(name)] = code
		}
	}
	return table
}

// isoRegions asks the library for each of the 676 possible codes.
func isoRegions() []language.Region {
	var list []language.Region
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			r, err := language.ParseRegion(string([]rune{a, b}))
			if err == nil && r.IsCountry() && r.Canonicalize() == r && r.String() == string([]rune{a, b}) {
				list = append(list, r)
			}
		}
	}
	return list
}

// countryAliases are names in use that CLDR does not list. Single letters of
// vehicle plates (D, A, F) are left out: they are guesses.
var countryAliases = map[string]string{
	"AE": "Emirates|VAE|Vereinigte Arabische Emirate",
	"BA": "Bosnia|Bosnien|Bosna",
	"BE": "Belgique/België",
	"BY": "White Russia|Weißrussland|Bílorusko",
	"CD": "DR Congo|DRC|Congo Kinshasa",
	"CG": "Congo Brazzaville|Republic of the Congo",
	"CH": "Swiss|Suisse|Schweiz (CH)|Svizzera|Confoederatio Helvetica",
	"CI": "Ivory Coast|Elfenbeinküste",
	"CN": "PRC|PR China|People's Republic of China|VR China|Mainland China",
	"CZ": "Czech Republic|Czech Rep.|Česká republika|ČR|Tschechische Republik|Tschechei|République tchèque|República Checa|Repubblica Ceca|Tsjechische Republiek|Чеська Республіка",
	"DE": "BRD|Bundesrepublik Deutschland|Federal Republic of Germany|SRN|Allemagne (DE)",
	"DK": "Kingdom of Denmark|Danmark",
	"EE": "Eesti",
	"ES": "Kingdom of Spain",
	"FI": "Suomi",
	"GB": "UK|U.K.|Great Britain|Britain|England|Scotland|Wales|Northern Ireland|Großbritannien|Schottland|Nordirland|Velká Británie|Anglie|Skotsko|Grande-Bretagne|Angleterre|Gran Bretaña|Inglaterra|Gran Bretagna|Inghilterra|Groot-Brittannië|Engeland|United Kingdom of Great Britain and Northern Ireland|Велика Британія|Англія",
	"GR": "Hellas|Ellada|EL",
	"HK": "Hong Kong|Hongkong",
	"HR": "Hrvatska",
	"HU": "Magyarország",
	"IE": "Éire|Republic of Ireland|Rep. of Ireland|Südirland",
	"IR": "Islamic Republic of Iran",
	"KP": "DPRK",
	"KR": "Korea|Republic of Korea|Südkorea|Jižní Korea",
	"LT": "Lietuva",
	"LV": "Latvija",
	"MD": "Republic of Moldova|Moldavsko|Moldawien",
	"MK": "Macedonia|Mazedonien|North Macedonia|FYROM|Severní Makedonie|Nordmazedonien",
	"MM": "Burma|Birma",
	"NL": "Holland|The Netherlands|Holandsko|Niederlande (Holland)|Pays Bas|Países Bajos|Paesi Bassi|Olanda",
	"NO": "Norge|Noreg",
	"PL": "Republic of Poland|Polska",
	"PS": "Palestine|Palästina",
	"RO": "România",
	"RS": "Srbija|Republic of Serbia",
	"RU": "Russian Federation|Russische Föderation|Ruská federace",
	"SE": "Sverige",
	"SI": "Slovenija",
	"SK": "Slovak Republic|Slovenská republika|Slowakische Republik|Slovensko",
	"SY": "Syrian Arab Republic",
	"SZ": "Swaziland|Eswatini",
	"TL": "East Timor",
	"TR": "Turkiye|Türkiye",
	"TW": "Taiwan R.O.C.|Republic of China",
	"TZ": "United Republic of Tanzania",
	"UA": "Ukrajina|Ukraina",
	"US": "USA|U.S.|U.S.A.|United States of America|America|Amerika|Vereinigte Staaten von Amerika|Spojené státy americké|États-Unis d'Amérique|Estados Unidos de América|EE.UU.|EEUU|Stati Uniti d'America|Verenigde Staten van Amerika|США|VS",
	"VA": "Holy See|Vatican",
	"VN": "Viet Nam",
	"XK": "Kosovo|Kosova",
}
