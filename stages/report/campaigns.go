package report

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"os"
	"path/filepath"

	"nextpipe/stages/internal/warehouse"
)

// pair is a name with its value.
type pair struct{ Name, Value string }

// campaignPage is what the rebuild document of one campaign shows, as text.
type campaignPage struct {
	Title, About string
	Facts        []pair
	Audience     []pair
	Figures      []figure
	Steps        [][]string // see stepHead
	Mails        []mail
	Advice       []string
}

// figure is a number with its share of the mails that were sent.
type figure struct {
	Name, Number, Share string
	Percent             float64 // of a bar, at most 100
}

// mail is one text that was or would be sent.
type mail struct {
	Title, Subject, Preheader string
	Text                      string // readable, line breaks kept
	Placeholders              string
	Source                    string // as written
}

var stepHead = []string{"step", "when", "to", "subject", "template", "sent at", "mails", "bounced", "failed", "queued", "opened", "clicked", "unsubscribed"}

//go:embed campaign.html.tmpl
var campaignTemplate string

//go:embed campaign.css
var campaignStyle string

var campaignHTML = template.Must(template.New("campaign").Parse(campaignTemplate))

// writeCampaigns writes a rebuild document per campaign, as Markdown and as a
// page that stands alone, one of the mail templates, and one of what hangs on
// campaigns that are not there.
func writeCampaigns(ctx context.Context, db *warehouse.DB, dir string) ([]string, error) {
	pages, err := campaignPages(ctx, db)
	if err != nil {
		return nil, err
	}
	dir = filepath.Join(dir, "campaigns")
	var names []string
	for _, p := range pages {
		written, err := p.page.write(dir, p.file)
		names = append(names, written...)
		if err != nil {
			return names, fmt.Errorf("write %s: %w", p.file, err)
		}
	}
	return names, nil
}

// namedPage is a page with the name of its files, without ending.
type namedPage struct {
	file string
	page campaignPage
}

// write makes the folder when there is something to put into it.
func (p campaignPage) write(dir, file string) ([]string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	page, err := p.html()
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, file+".html")
	if err := os.WriteFile(path, page, 0o644); err != nil {
		return nil, err
	}
	text := p.markdown()
	written, err := text.write(dir, file+".md")
	return append(written, path), err
}

// html is the page. It fetches nothing and runs nothing, and its content
// security policy forbids both; whatever comes from the source is escaped.
func (p campaignPage) html() ([]byte, error) {
	sum := sha256.Sum256([]byte(campaignStyle))
	var out bytes.Buffer
	err := campaignHTML.Execute(&out, struct {
		campaignPage
		StepHead []string
		Style    template.CSS
		Policy   string
	}{p, stepHead, template.CSS(campaignStyle), "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'"})
	return out.Bytes(), err
}

func (p campaignPage) markdown() *markdown {
	m := &markdown{}
	m.line("# %s\n\n%s\n", p.Title, p.About)
	m.pairs("", p.Facts)
	m.pairs("## Audience", p.Audience)
	if len(p.Figures) > 0 {
		var rows [][]string
		for _, f := range p.Figures {
			rows = append(rows, []string{f.Name, f.Number, f.Share})
		}
		m.line("## Figures")
		m.table([]string{"what", "number", "of the mails sent"}, rows)
	}
	if len(p.Steps) > 0 {
		m.line("## Steps")
		m.table(stepHead, p.Steps)
	}
	for _, mail := range p.Mails {
		m.mail(mail)
	}
	if len(p.Advice) > 0 {
		m.line("\n## In Pipedrive\n")
	}
	for _, a := range p.Advice {
		m.line("- %s", a)
	}
	return m
}

func (m *markdown) pairs(title string, all []pair) {
	if len(all) == 0 {
		return
	}
	if title != "" {
		m.line(title)
	}
	var rows [][]string
	for _, p := range all {
		rows = append(rows, []string{p.Name, p.Value})
	}
	m.table([]string{"what", "value"}, rows)
}

func (m *markdown) mail(mail mail) {
	m.line("## %s\n", mail.Title)
	for _, p := range []pair{{"Subject", mail.Subject}, {"Preview text", mail.Preheader}, {"Placeholders", mail.Placeholders}} {
		if p.Value != "" {
			m.line("- %s: %s", p.Name, p.Value)
		}
	}
	m.block("Text", mail.Text)
	if mail.Source != mail.Text {
		m.block("As written", mail.Source)
	}
}
