package match

import "strings"

// formNames lists the spellings of one legal form after its short one. Forms
// that are not listed stand for themselves; a form and its GmbH & Co. KG are two
// companies, and so are a GmbH and an AG of one name.
var formNames = wordTable(map[string]string{
	"ltd":    "limited",
	"plc":    "publiclimitedcompany",
	"inc":    "incorporated",
	"corp":   "corporation",
	"co":     "company",
	"llc":    "limitedliabilitycompany",
	"gmbh":   "gesmbh mbh gesellschaftmitbeschraenkterhaftung gesellschaftmitbeschrankterhaftung",
	"ag":     "aktiengesellschaft",
	"kg":     "kommanditgesellschaft",
	"ek":     "ekfm ekfr eu",
	"gmbhkg": "gmbhcokg gmbhco gesellschaftmitbeschraenkterhaftungcokg",
	"ug":     "ughaftungsbeschrankt",
	"sro":    "spolsro spolecnostsrucenimomezenym spolocnostsrucenimobmedzenym",
	"as":     "akciovaspolecnost akciovaspolocnost",
	"sa":     "sociedadanonima societeanonyme",
	"sarl":   "societearesponsabilitelimitee",
	"srl":    "societaaresponsabilitalimitata",
	"spa":    "societaperazioni",
	"sl":     "sociedadlimitada",
	"spzoo":  "spolkazograniczonaodpowiedzialnoscia spolkazoo",
	"bv":     "beslotenvennootschap",
	"oy":     "oyab",
})

// legalForm returns the form that all spellings of one form share. Connectors
// and punctuation do not count.
func legalForm(form string) string {
	var key strings.Builder
	for _, w := range split(plain(form)) {
		if !connectors[w] || len(w) == 1 {
			key.WriteString(w)
		}
	}
	if short, ok := formNames[key.String()]; ok {
		return short
	}
	return key.String()
}
