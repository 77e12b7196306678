package match

// The word lists behind NamesSimilar. All are in plain letters; a new word is
// one more word here, and a row of the truth table to show what it does.

// abbreviations maps a short or foreign form to the word it stands for.
var abbreviations = wordTable(map[string]string{
	"international":  "intl internat int",
	"manufacturing":  "mfg manuf",
	"services":       "svc svcs service servis",
	"technology":     "tech technologies technol",
	"brothers":       "bros gebr gebruder gebrueder hermanos hnos fratelli flli bratri freres",
	"engineering":    "eng engrg",
	"management":     "mgmt mgt",
	"saint":          "st sankt sveti svaty",
	"university":     "uni univ universitat universitaet universite univerzita universidad universita",
	"association":    "assn assoc",
	"department":     "dept abteilung oddeleni odbor departamento",
	"solution":       "solutions",
	"system":         "systems systeme",
	"partner":        "partners partneri",
	"product":        "products produkte",
	"industry":       "industries industrie industria",
	"laboratory":     "lab labs laboratories laboratoires labor",
	"center":         "centre ctr zentrum centrum",
	"national":       "natl",
	"general":        "gen",
	"consulting":     "consultants consultancy",
	"son":            "sons sohn soehne sohne fils syn synove figli hijos",
	"communications": "comms communication",
	"distribution":   "distr distributors",
	"construction":   "constr",
	"group":          "gruppe groupe gruppo grupo skupina grp",
})

// fillers say nothing: a name with and without one is the same name.
var fillers = wordSet("the company co comp cie firma firm com www kompanie")

// articles are dropped at the start, connectors between two words.
var (
	articles   = wordSet("der die das le la les el los las il lo gli de het een")
	connectors = wordSet("and und et y e a i en u og och ja n of")
)

var romans = map[string]string{
	"ii": "2", "iii": "3", "iv": "4", "v": "5", "vi": "6", "vii": "7", "viii": "8", "ix": "9", "x": "10", "i": "1",
}

// places maps countries in several languages, continents and compass points to
// one form. Adjectives (Deutsche Bank) are part of a name and not listed.
var places = wordTable(map[string]string{
	"@de": "germany deutschland allemagne germania alemania nemecko niemcy", "@at": "austria osterreich oesterreich autriche rakousko",
	"@ch": "switzerland schweiz suisse svizzera svycarsko", "@fr": "france frankreich francia francie",
	"@it": "italy italia italien italie", "@es": "spain espana spanien espagne spanelsko",
	"@gb": "uk britain england", "@us": "usa america", "@cz": "czech czechia cesko tschechien ceska",
	"@sk": "slovakia slovensko slowakei", "@pl": "poland polska polen polsko", "@hu": "hungary magyarorszag ungarn madarsko",
	"@nl": "netherlands nederland niederlande holland", "@be": "belgium belgie belgien belgique",
	"@se": "sweden sverige schweden", "@dk": "denmark danmark danemark", "@no": "norway norge norwegen", "@fi": "finland suomi",
	"@pt": "portugal", "@ie": "ireland irland", "@ro": "romania rumanien", "@bg": "bulgaria bulgarien", "@hr": "croatia hrvatska kroatien",
	"@si": "slovenia slovenija slowenien", "@rs": "serbia srbija serbien", "@ua": "ukraine ukraina", "@ru": "russia rossiya russland",
	"@tr": "turkey turkiye turkei", "@gr": "greece griechenland hellas", "@ca": "canada kanada", "@mx": "mexico", "@br": "brazil brasil brasilien",
	"@ar": "argentina", "@cl": "chile", "@co": "colombia", "@au": "australia", "@nz": "zealand", "@jp": "japan", "@cn": "china",
	"@in": "india indien", "@kr": "korea", "@sg": "singapore", "@za": "africa afrika", "@ae": "emirates uae", "@il": "israel",
	"@europe": "europe europa emea", "@asia": "asia asien apac", "@latam": "latam",
	"@north": "north nord northern sever", "@south": "south sud sued southern jih syd", "@west": "west ouest western zapad",
	"@east": "east ost eastern vychod",
})

// countryCodes count at the end of a name only: elsewhere "de" is a preposition.
var countryCodes = map[string]string{
	"de": "@de", "at": "@at", "ch": "@ch", "cz": "@cz", "sk": "@sk", "pl": "@pl", "hu": "@hu", "nl": "@nl", "us": "@us", "gb": "@gb", "eu": "@europe",
}

// arms are words that tell one company of a group from another.
var arms = wordSet("republic republik republika republique holding holdings beteiligung beteiligungen beteiligungs group finance financial capital ventures foundation stiftung nadace " +
	"fondation immobilien immo reality estate properties verwaltung verwaltungs leasing logistics logistik logistika research forschung " +
	"services trading handel vertrieb sales marketing production produktion vyroba academy akademie insurance versicherung bank invest " +
	"investment investments hr it purchasing einkauf export import distribution operations software digital consulting solution engineering")

// institutions have departments and branches under one web domain.
var institutions = wordSet("hospital klinik klinikum clinic nemocnice hopital university faculty fakultat fakulta faculte institute institut ustav " +
	"department ministry ministerium ministerstvo stadt gemeinde city mesto urad amt council landkreis school schule grundschule skola zs " +
	"gymnasium college fund fond fonds filiale branch")

// genericWords name a trade or nothing at all: a name of these alone proves
// nothing.
var genericWords = wordSet("consulting services international trading test private privat unknown none company firma group holding office " +
	"business solution system technology management partner product industry marketing media design agency agentur studio shop store " +
	"restaurant hotel club team sales export import logistics transport construction engineering software finance education health " +
	"customer client demo example sample self freelance freelancer individual personal home internal na misc other various")
