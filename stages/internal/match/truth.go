package match

import (
	"fmt"
	"strings"
)

// NameCase is one row of the truth tables.
type NameCase struct {
	A, B string // persons as "given | family", companies as written
	Want Likeness
	Says string // what the row shows
}

// TruthTable returns what "compatible" means for persons' names and "similar"
// for companies' (legal forms included). The tests run every row, and
// [TruthTableMarkdown] prints them: code and documentation cannot part.
func TruthTable() (persons, companies []NameCase) {
	return personCases(), companyCases()
}

func personCases() []NameCase {
	return []NameCase{
		{"John | Smith", "John | Smith", Same, "equal"},
		{"JOHN | SMITH", "john | smith", Same, "capitals"},
		{"Jiří | Řezník", "Jiri | Reznik", Same, "diacritics lost"},
		{"Jürgen | Müller", "Juergen | Mueller", Same, "umlauts written out"},
		{"Smith | John", "John | Smith", Same, "first and last name exchanged"},
		{"| John Smith", "John | Smith", Same, "whole name in one field"},
		{"Dr. Eva | Král, Ph.D.", "Eva | Král", Same, "titles"},
		{"Hans-Peter | Maurer", "Hanspeter | Maurer", Same, "hyphens and blanks"},
		{"Ludwig | van Beeck", "Ludwig | Beeck", Same, "particles"},
		{"Pat | O'Neill", "Pat | ONeill", Same, "apostrophes"},
		{"J. | Smith", "John | Smith", Compatible, "initial"},
		{"J. R. | Ewing", "John Ross | Ewing", Compatible, "two initials"},
		{"Bob | Fletcher", "Robert | Fletcher", Compatible, "nickname, English"},
		{"Hans | Keller", "Johannes | Keller", Compatible, "nickname, German"},
		{"Katka | Malá", "Kateřina | Malá", Compatible, "nickname, Czech"},
		{"Саша | Волков", "Alexander | Volkov", Compatible, "nickname, Russian, in Cyrillic"},
		{"Володимир | Бондар", "Vova | Bondar", Compatible, "nickname, Ukrainian, in Cyrillic"},
		{"Paco | Molina", "Francisco | Molina", Compatible, "nickname, Spanish"},
		{"Seb | Fournier", "Sébastien | Fournier", Compatible, "nickname, French"},
		{"Beppe | Ricci", "Giuseppe | Ricci", Compatible, "nickname, Italian"},
		{"Sergei | Chernov", "Sergey | Chernov", Compatible, "two romanisations"},
		{"| Smith", "John | Smith", Compatible, "first name missing"},
		{"John |", "John | Smith", Compatible, "last name missing"},
		{"Sarah Jane | Cooper", "Sarah | Cooper", Compatible, "middle name missing"},
		{"Smith | John", "John A. | Smith", Compatible, "exchanged, middle initial missing"},
		{"Carmen | Ruiz Delgado", "Carmen | Ruiz", Compatible, "double surname"},
		{"Birgit | Maier-Lang", "Birgit | Maier", Compatible, "married name added"},
		{"Jana | Novák", "Jana | Nováková", Compatible, "gendered surname, equal first names"},
		{"Michael | Schneider", "Michael | Schnieder", Compatible, "typing error in a long surname"},
		{"Konstantin | Wolf", "Konstatin | Wolf", Compatible, "typing error in a long first name"},
		{"John | Smith", "John | Smith Jr.", Compatible, "generation on one side"},
		{"John | Smith", "Jane | Smith", Different, "other first name: spouse or sibling"},
		{"Daniel | Roth", "Daniela | Roth", Different, "men's and women's forms"},
		{"Christian | Beck", "Christina | Beck", Different, "two names, letters exchanged"},
		{"Alexander | Popov", "Alexandra | Popov", Different, "two names with a nickname in common"},
		{"J. | Novák", "Jana | Nováková", Different, "initial and gendered surname: husband and wife"},
		{"J. | Porter", "Mark | Porter", Different, "initial differs"},
		{"John A. | Finch", "John B. | Finch", Different, "middle initial differs"},
		{"José María | Paz", "María José | Paz", Different, "given names in another order"},
		{"George | Bell Jr.", "George | Bell Sr.", Different, "two generations"},
		{"Mr. | Hobbs", "Mrs. | Hobbs", Different, "titles of a man and a woman"},
		{"Klaus und Petra | Weber", "Klaus | Weber", Different, "a couple in one record"},
		{"Anna | Baur", "Anna | Bauer", Different, "short surnames one letter apart"},
		{"Nick | Ruthreford", "Nicholas | Rutherford", Different, "nickname and typing error together"},
		{"John | Smith", "|", Unknown, "no name on one side"},
	}
}

func companyCases() []NameCase {
	return []NameCase{
		{"Acme GmbH", "Acme", Same, "legal form on one side"},
		{"Acme Ltd", "Acme Limited", Same, "legal form written out"},
		{"Acme GmbH", "Acme AG", Same, "two legal forms: same name, but never merged without review"},
		{"Silver-Fox, Inc.", "Silver Fox Inc", Same, "punctuation"},
		{"DataForge", "Data Forge", Same, "blanks"},
		{"Bäckerei Höfer", "Baeckerei Hoefer", Same, "umlauts and diacritics"},
		{"Meyer & Söhne", "Meyer und Söhne", Same, "& and its words: and, und, et, y, e, a"},
		{"Orbis International", "Orbis Intl", Same, "abbreviation"},
		{"Gebrüder Kranz", "Gebr. Kranz", Same, "abbreviation, German"},
		{"Aspen Technology", "Aspen Technologies", Same, "plural"},
		{"Kane Brothers", "Brothers Kane", Same, "word order"},
		{"The Copper Kettle", "Copper Kettle", Same, "article"},
		{"Cascade Brewing Company", "Cascade Brewing", Same, "filler word"},
		{"Medica Deutschland", "Medica Germany", Same, "country in two languages"},
		{"Delphi Fund 3", "Delphi Fund III", Same, "roman number"},
		{"ООО Ромашка", "Romashka", Same, "Cyrillic, Russian"},
		{"Київ Хліб", "Kyiv Khlib", Same, "Cyrillic, Ukrainian"},
		{"Panorama Reisen", "Panorma Reisen", Compatible, "typing error in a long word"},
		{"Mediterranean Foods", "Mediterranaen Foods", Compatible, "letters exchanged"},
		{"Юлия Мода", "Julia Moda", Compatible, "two romanisations"},
		{"General Tool Works", "GTW", Compatible, "acronym of three or more words"},
		{"Delphi Fund I", "Delphi Fund II", Different, "roman numbers"},
		{"Grundschule 7", "Grundschule 17", Different, "numbers"},
		{"Acme Germany", "Acme France", Different, "subsidiaries"},
		{"Acme Germany", "Acme", Different, "subsidiary and parent"},
		{"Pioneer West", "Pioneer East", Different, "compass points"},
		{"Orion Holding", "Orion", Different, "holding and operating company"},
		{"Corvus Group", "Corvus Finance", Different, "arms of a group"},
		{"Bosch Stiftung", "Bosch", Different, "foundation"},
		{"Mercy Hospital Oncology", "Mercy Hospital Pediatrics", Different, "departments"},
		{"Nexa", "Nexo", Different, "short names one letter apart"},
		{"Baur", "Bauer", Different, "short names one letter apart"},
		{"Alpha Import", "Alpha Export", Different, "opposite words"},
		{"Autohaus Müller", "Autohaus Müller Berlin", Different, "one word more"},
		{"Fischer Elektrotechnik", "Fischer Umwelttechnik", Different, "other trade"},
		{"Acme", "", Unknown, "no name on one side"},
	}
}

// TruthTableMarkdown returns both truth tables as Markdown.
func TruthTableMarkdown() string {
	persons, companies := TruthTable()
	return markdown("Persons' names (given \\| family)", persons) + "\n" + markdown("Companies' names", companies)
}

func markdown(title string, cases []NameCase) string {
	var b strings.Builder
	fmt.Fprintf(&b, "| %s | | are | because |\n|---|---|---|---|\n", title)
	for _, c := range cases {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", cell(c.A), cell(c.B), c.Want, c.Says)
	}
	return b.String()
}

// cell keeps a name's own bar from ending its table cell.
func cell(name string) string { return strings.ReplaceAll(name, "|", `\|`) }
