package report

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"nextpipe/stages/internal/normal"
	"nextpipe/stages/internal/warehouse"
)

// campaignPages are all documents of the folder campaigns.
func campaignPages(ctx context.Context, db *warehouse.DB) ([]namedPage, error) {
	templates, err := templateMails(ctx, db)
	if err != nil {
		return nil, fmt.Errorf("read mail templates: %w", err)
	}
	var pages []namedPage
	err = eachRow(ctx, db, campaignQuery, func(row []string) error {
		p, err := readCampaign(ctx, db, row, templates)
		pages = append(pages, namedPage{row[1], p})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read campaigns: %w", err)
	}
	if p := templatePage(templates); len(p.Mails) > 0 {
		pages = append(pages, namedPage{"templates", p})
	}
	orphans, err := orphanPage(ctx, db)
	if len(orphans.Facts)+len(orphans.Steps) > 0 {
		pages = append(pages, namedPage{"without-campaign", orphans})
	}
	return pages, err
}

// campaignFacts name the columns of campaignQuery from the seventh on.
var campaignFacts = []string{"Title", "Id", "State", "Status in NextCRM", "Type", "Description", "Subject", "Preview text", "From", "Answers to", "Planned for", "Sent at",
	"Revenue", "UTM campaign", "UTM medium", "UTM source", "UTM term", "UTM content", "Design", "Made by", "Created", "Changed", "Other columns", "Deal in Pipedrive"}

const campaignQuery = `SELECT c.campaign_key, c.document, c.preheader, c.body, c.template_id, c.state_origin,
		c.title, c.source_id, c.state, c.status, c.type, c.description, c.subject, c.preheader, c.from_name, c.reply_to, c.scheduled_at, c.sent_at,
		c.revenue || coalesce(' ' || c.currency, ''), c.utm ->> 'campaign', c.utm ->> 'medium', c.utm ->> 'source', c.utm ->> 'term', c.utm ->> 'content', c.design,
		c.owner_email, c.created_at, c.updated_at, nullif(c.custom, '{}'),
		(SELECT group_concat('https://' || t.domain || '.pipedrive.com/deal/' || l.pipedrive_id, ' ') FROM link AS l JOIN target AS t USING (target_id)
			WHERE l.entity = 'deal' AND l.final_key = c.campaign_key AND l.state = 'live' AND t.is_local = 0)
	FROM clean_campaign AS c ORDER BY c.row_id`

// readCampaign makes the page of a row of campaignQuery.
func readCampaign(ctx context.Context, db *warehouse.DB, row []string, templates map[string]mail) (campaignPage, error) {
	key, about := row[0], "What this campaign was in NextCRM, and what is needed to make it again."
	if row[5] == "sends" {
		about += " It says sending, but every step has been sent and nothing is queued: it is finished."
	}
	p := campaignPage{Title: row[6], About: about}
	for i, name := range campaignFacts {
		if value := row[6+i]; value != "" && name != "Title" {
			p.Facts = append(p.Facts, pair{name, readable(name, value)})
		}
	}
	subject := row[6+slices.Index(campaignFacts, "Subject")]
	if row[3] != "" {
		p.Mails = append(p.Mails, newMail("Mail", subject, row[2], row[3]))
	} else if t, known := templates[row[4]]; known && row[4] != "" {
		p.Mails = append(p.Mails, t)
	}
	for _, read := range []func(context.Context, *warehouse.DB, string) error{p.readAudience, p.readFigures, func(ctx context.Context, db *warehouse.DB, key string) error {
		return p.readSteps(ctx, db, key, templates)
	}} {
		if err := read(ctx, db, key); err != nil {
			return p, err
		}
	}
	p.Advice = p.advice()
	return p, nil
}

// readable writes points in time as people do.
func readable(name, value string) string {
	switch name {
	case "Planned for", "Sent at", "Created", "Changed":
		return strings.Replace(strings.TrimSuffix(value, "Z"), "T", " ", 1) + " UTC"
	}
	return value
}

func (p *campaignPage) readAudience(ctx context.Context, db *warehouse.DB, key string) error {
	return eachRow(ctx, db, `SELECT kind || ' ' || name, coalesce(members || ' people', 'number not known') || iif(is_known, '', '; the source has none of that name')
		FROM clean_campaign_audience WHERE campaign_key = ? ORDER BY kind, name`, func(row []string) error {
		p.Audience = append(p.Audience, pair{row[0], row[1]})
		return nil
	}, key)
}

var figureNames = []string{"addressed to", "mails sent", "views", "opened, repeats counted", "people who opened", "clicked", "unsubscribed", "bounced", "complaints"}

func (p *campaignPage) readFigures(ctx context.Context, db *warehouse.DB, key string) error {
	return eachRow(ctx, db, `SELECT audience, sent, views, opens, unique_opens, clicks, unsubscribes, bounces, complaints
		FROM clean_campaign WHERE campaign_key = ?`, func(row []string) error {
		sent, _ := strconv.ParseFloat(row[1], 64) // 0 when there is none: no shares then
		for i, cell := range row {
			if cell != "" {
				p.Figures = append(p.Figures, newFigure(figureNames[i], cell, sent, i > 1))
			}
		}
		return nil
	}, key)
}

// newFigure recomputes the share: rates of the source would be of another base.
func newFigure(name, number string, sent float64, hasShare bool) figure {
	f := figure{Name: name, Number: number}
	if n, err := strconv.ParseFloat(number, 64); err == nil && sent > 0 && hasShare {
		f.Percent = min(n/sent*100, 100)
		f.Share = fmt.Sprintf("%.1f %%", n/sent*100)
	}
	return f
}

const stepQuery = `SELECT s.position, CASE WHEN coalesce(s.delay_days, 0) = 0 THEN 'at once' ELSE s.delay_days || ' days after the step before' END,
		replace(coalesce(s.send_to, 'all'), '_', '-'), coalesce(s.subject, t.subject, ''), coalesce(t.title, s.template_id, ''),
		coalesce(replace(substr(s.sent_at, 1, 19), 'T', ' ') || ' UTC', 'not sent' || coalesce(', planned for ' || replace(substr(s.scheduled_at, 1, 19), 'T', ' ') || ' UTC', '')),
		s.sent + s.delivered + s.bounced, s.bounced, s.failed, s.queued, s.opened, s.clicked, s.unsubscribed, s.template_id
	FROM clean_campaign_step AS s
	LEFT JOIN clean_campaign_template AS t ON t.template_id = s.template_id`

// readSteps lists the steps; the template of each stands below as a mail, once.
func (p *campaignPage) readSteps(ctx context.Context, db *warehouse.DB, key string, templates map[string]mail) error {
	return eachRow(ctx, db, stepQuery+" WHERE s.campaign_key = ? ORDER BY s.position", func(row []string) error {
		last := len(stepHead)
		p.Steps = append(p.Steps, row[:last])
		t, known := templates[row[last]]
		if known && !slices.Contains(p.Mails, t) {
			p.Mails = append(p.Mails, t)
		}
		return nil
	}, key)
}

// advice says how to go on in Pipedrive.
func (p campaignPage) advice() []string {
	all := []string{"Pipedrive's API cannot create e-mail campaigns: the Campaigns add-on is the place to write them again, for people whose marketing status allows it.",
		"The people it was addressed to are found by what became of their lists, tags and segments: options, labels and saved filters."}
	if len(p.Steps) > 1 {
		all = append(all, "Each step becomes a campaign of its own, or a step of a sequence (from the plan Growth up; people are enrolled by deal or lead).")
	}
	if slices.ContainsFunc(p.Steps, func(s []string) bool { return s[2] == "non-openers" }) {
		all = append(all, "A step for those who have not opened the mail before has no documented counterpart: make its audience by hand when the time has come.")
	}
	if slices.ContainsFunc(p.Mails, func(m mail) bool { return m.Placeholders != "" }) {
		all = append(all, "Placeholders such as {{first_name}} become the fields of Pipedrive's editor.")
	}
	return all
}

var placeholder = regexp.MustCompile(`\{\{[^{}]{1,80}\}\}`)

func newMail(title, subject, preheader, source string) mail {
	var found []string
	for _, tag := range placeholder.FindAllString(subject+preheader+source, -1) {
		if !slices.Contains(found, tag) {
			found = append(found, tag)
		}
	}
	return mail{Title: title, Subject: subject, Preheader: preheader, Text: normal.HTMLText(source), Placeholders: strings.Join(found, " "), Source: source}
}

// templateMails are the mail templates by id, or by the row of those without.
func templateMails(ctx context.Context, db *warehouse.DB) (map[string]mail, error) {
	all := map[string]mail{}
	err := eachRow(ctx, db, `SELECT coalesce(template_id, 'row ' || row_id), coalesce(title, 'without a title'), coalesce(description, ''), subject,
			coalesce(body, json), is_deleted FROM clean_campaign_template WHERE NOT is_out ORDER BY row_id`, func(row []string) error {
		title := "Template: " + row[1]
		if row[2] != "" {
			title += " (" + row[2] + ")"
		}
		if row[5] == "1" {
			title += ", deleted in NextCRM"
		}
		all[row[0]] = newMail(title, row[3], "", row[4])
		return nil
	})
	return all, err
}

func templatePage(templates map[string]mail) campaignPage {
	p := campaignPage{Title: "Mail templates", About: "Pipedrive's API cannot create mail templates. These are the texts, to be pasted into templates of the account or of the Campaigns add-on."}
	for _, m := range templates {
		p.Mails = append(p.Mails, m)
	}
	slices.SortFunc(p.Mails, func(a, b mail) int { return strings.Compare(a.Title+a.Source, b.Title+b.Source) })
	return p
}

// orphanPage tells of rows whose campaign the source does not have.
func orphanPage(ctx context.Context, db *warehouse.DB) (campaignPage, error) {
	p := campaignPage{Title: "Without a campaign", About: "These rows name a campaign that is not in the source."}
	err := eachRow(ctx, db, stepQuery+` JOIN xw_item AS x ON x.object = 'campaign_step' AND x.row_id = s.row_id AND x.fate = 'documented'
		WHERE s.campaign_key IS NULL ORDER BY s.row_id`, func(row []string) error {
		p.Steps = append(p.Steps, row[:len(stepHead)])
		return nil
	})
	if err != nil {
		return p, err
	}
	err = eachRow(ctx, db, `SELECT 'campaign ' || coalesce(l.campaign_id, 'none'), 'list ' || coalesce(t.title, l.target_list_id, 'none')
		FROM stg_campaign_list AS l JOIN xw_item AS x ON x.object = 'campaign_list' AND x.row_id = l.row_id
		LEFT JOIN stg_target_list AS t ON t.source_id = l.target_list_id
		WHERE x.rule = 'campaigns/without-campaign.md' ORDER BY l.row_id`, func(row []string) error {
		p.Facts = append(p.Facts, pair{row[0], row[1]})
		return nil
	})
	return p, err
}
