package nextcrm

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// tablePlan is how one object is read: the SELECT and where each of its columns goes.
type tablePlan struct {
	object  Object
	table   string
	exprs   []string
	targets []copyTarget
	where   string // "" or a WHERE clause
}

// copyTarget says where a selected column goes and how its text is rendered.
type copyTarget struct {
	slot   int    // position in Row.Values, or slotID or slotExtra
	key    []byte // of an extra: its JSON key with the colon
	render rendering
}

const (
	slotID    = -1
	slotExtra = -2
)

// rendering is how PostgreSQL's text form of a value becomes ours.
type rendering int

const (
	asText   rendering = iota // as it is
	asStamp                   // 2026-01-31T10:00:00.250Z
	asBool                    // true, false
	asNumber                  // as it is; bare in JSON
	asJSON                    // as it is, and JSON already
)

// plan decides for every object what is selected. Tables and columns that this
// database lacks are noted, unknown columns become extras.
func (s *databaseSource) plan(ctx context.Context) error {
	for _, object := range Objects {
		for _, name := range s.mapping.tablesOf[object.Name] { // none: the plugin edition's, or made from the catalogue
			if err := s.planTable(object, name); err != nil {
				return err
			}
		}
	}
	s.planDealAudit()
	if err := s.planAudit(ctx); err != nil {
		return err
	}
	return s.planSettings(ctx)
}

func (s *databaseSource) planTable(object Object, name string) error {
	table := s.tables[name]
	if table == nil {
		s.note("info", "missing-table", name, "", fmt.Sprintf("there is no table %q: this version of NextCRM has no %s records of its own", name, object.Name), "")
		return nil
	}
	plan := &tablePlan{object: object, table: name}
	if err := s.planKnown(plan, table); err != nil {
		return err
	}
	s.planUnknown(plan, table)
	s.plans[object.Name] = append(s.plans[object.Name], plan)
	return nil
}

// planKnown selects the columns that database.tsv names. Two database columns
// for one known column are alternatives: the first that is not NULL counts. One
// of another type than the first, which only a fork can have beside it, is kept
// in extra.
func (s *databaseSource) planKnown(p *tablePlan, table *dbTable) error {
	at, types := map[string]int{}, map[string]string{}
	for _, line := range s.mapping.of(p.object.Name, table.name) {
		if word, ok := line.constant(); ok {
			p.exprs = append(p.exprs, literal(word)+"::text")
			p.targets = append(p.targets, copyTarget{slot: p.slotOf(line.column)})
			continue
		}
		column, ok := table.column(line.dbColumn)
		switch {
		case line.column == mapOut:
			continue
		case !ok:
			s.noteMissing(line)
			continue
		case !column.isReadable:
			return fmt.Errorf("column %q.%q may not be read by this database user: GRANT SELECT ON ALL TABLES IN SCHEMA %s TO the user",
				table.name, line.dbColumn, quote(s.schema))
		}
		s.checkLabels(line, column)
		i, again := at[line.column]
		switch {
		case !again || line.column == mapExtra:
			at[line.column], types[line.column] = len(p.exprs), column.typ
			p.add(column, p.slotOf(line.column))
		case types[line.column] == column.typ:
			p.exprs[i] = fmt.Sprintf("coalesce(%s, %s)", p.exprs[i], expression(column))
		default:
			p.add(column, slotExtra)
		}
	}
	return nil
}

func (p *tablePlan) slotOf(column string) int {
	switch column {
	case mapID:
		return slotID
	case mapExtra:
		return slotExtra
	}
	return slices.Index(p.object.Columns, column)
}

func (p *tablePlan) add(c dbColumn, slot int) {
	t := copyTarget{slot: slot, render: renderingOf(c)}
	if slot == slotExtra {
		t.key = append(appendJSONString(nil, []byte(c.name)), ':')
	}
	p.exprs = append(p.exprs, expression(c))
	p.targets = append(p.targets, t)
}

// noteMissing reports a column that this database lacks, unless its alternative
// or a newer home is there.
func (s *databaseSource) noteMissing(line mappingLine) {
	for _, other := range s.mapping.of(line.object, line.table) {
		_, ok := s.tables[line.table].column(other.dbColumn)
		if ok && other.column == line.column && line.column != mapExtra {
			return
		}
	}
	if line.column != mapExtra {
		s.note("info", "missing-column", line.table, line.dbColumn, "this version of NextCRM has no such column", "")
	}
}

// checkLabels reports enum labels that NextCRM itself does not have. Their
// records are extracted all the same.
func (s *databaseSource) checkLabels(line mappingLine, c dbColumn) {
	known := strings.Split(line.labels, "|")
	for _, label := range c.labels {
		if line.labels != "" && !slices.Contains(known, label) {
			s.note("warning", "unknown-enum-label", line.table, line.dbColumn, fmt.Sprintf("the label %q is not one of NextCRM's own", label),
				"say in the map what it means")
		}
	}
}

// planUnknown takes the columns that database.tsv does not name into extra. Those
// of records that have custom fields in Pipedrive are proposed as one each.
func (s *databaseSource) planUnknown(p *tablePlan, table *dbTable) {
	for _, c := range table.columns {
		switch {
		case len(s.mapping.find(table.name, c.name)) > 0:
		case isSecretName(c.name):
			s.note("warning", "secret-column", table.name, c.name, "the column is not read because its name says that it holds a secret",
				"if it holds none, give it another name")
		case !c.isReadable:
			s.note("warning", "unreadable-column", table.name, c.name, "the column is not read because the database user may not",
				"GRANT SELECT on it to the user and extract again")
		default:
			p.add(c, slotExtra)
			s.noteUnknown(p.object.Name, table.name, c)
		}
	}
}

func (s *databaseSource) qualified(table string) string { return quote(s.schema) + "." + quote(table) }

// expression selects a column. Arrays become JSON on the server, which alone
// knows how their elements are written.
func expression(c dbColumn) string {
	if c.category == "A" {
		return "array_to_json(" + quote(c.name) + ")"
	}
	return quote(c.name)
}

func renderingOf(c dbColumn) rendering {
	switch {
	case c.category == "A", c.typ == "json", c.typ == "jsonb":
		return asJSON
	case c.category == "B":
		return asBool
	case c.category == "N":
		return asNumber
	case strings.HasPrefix(c.typ, "timestamp"):
		return asStamp
	}
	return asText
}
