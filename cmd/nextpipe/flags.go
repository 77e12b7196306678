package main

import (
	"fmt"
	"os"
	"os/user"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"nextpipe/stages"
)

// shared are the flags that every command takes. They hang on each command,
// since a flag of the app would have to stand before the command's name.
func shared() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "db", Value: "nextpipe.db", EnvVars: []string{"NEXTPIPE_DB"}, Usage: "the warehouse `FILE`"},
		&cli.StringFlag{Name: "source", EnvVars: []string{"NEXTPIPE_SOURCE"}, Usage: "`NEXTCRM`: postgres://… or an export folder"},
		&cli.StringFlag{Name: "source-timezone", EnvVars: []string{"NEXTPIPE_SOURCE_TIMEZONE"}, Usage: "`ZONE` of stamps without an offset, e.g. Europe/Berlin"},
		&cli.StringFlag{Name: "documents", EnvVars: []string{"NEXTPIPE_DOCUMENTS"}, Usage: "`FOLDER` with the files of documents, by object key or path of their address"},
		&cli.StringFlag{Name: "s3-endpoint", EnvVars: []string{"NEXTPIPE_S3_ENDPOINT"}, Usage: "`URL` of the S3 or MinIO service with the documents (keys: NEXTPIPE_S3_ACCESS_KEY, NEXTPIPE_S3_SECRET_KEY)"},
		&cli.StringFlag{Name: "s3-bucket", EnvVars: []string{"NEXTPIPE_S3_BUCKET"}, Usage: "`BUCKET` of that service"},
		&cli.StringFlag{Name: "s3-region", EnvVars: []string{"NEXTPIPE_S3_REGION"}, Value: "us-east-1", Usage: "`REGION` of that service"},
		&cli.StringSliceFlag{Name: "allow-host", Usage: "fetch documents by https from `HOST`, no other (may be repeated)"},
		&cli.StringFlag{Name: "target", EnvVars: []string{"NEXTPIPE_TARGET"}, Usage: "the company's `URL`, or sandbox for an account in a file beside the warehouse"},
		&cli.StringFlag{Name: "token-file", EnvVars: []string{"NEXTPIPE_TOKEN_FILE"}, Usage: "`FILE` with the API token, or those of several admins who share the work, one a line (else PIPEDRIVE_API_TOKEN, separated by commas)"},
		&cli.BoolFlag{Name: "rehearsal", DisableDefaultText: true, Usage: "declare a new account a rehearsal (else it is production)"},
		&cli.StringFlag{Name: "by", EnvVars: []string{"NEXTPIPE_BY"}, Usage: "your `NAME`, for the record"},
		&cli.BoolFlag{Name: "yes", DisableDefaultText: true, Usage: "accept the proposed map (rehearsal accounts only)"},
		&cli.StringFlag{Name: "override-gate", Usage: "let production load without a signed rehearsal: `REASON`"},
		&cli.StringSliceFlag{Name: "override-campaign", Usage: "load although NextCRM would still send the campaign of this `TITLE` or id (may be repeated)"},
		&cli.BoolFlag{Name: "dry-run", Aliases: []string{"n"}, DisableDefaultText: true, Usage: "write nothing to Pipedrive; show what would happen"},
		&cli.DurationFlag{Name: "timeout", Value: 30 * time.Second, Usage: "`DURATION` of one request, at most"},
		&cli.DurationFlag{Name: "settle", DefaultText: "twice --timeout, at least 30s", Usage: "how long a lost request may still be carried out: `DURATION`"},
		&cli.IntFlag{Name: "share", DefaultText: "100", Usage: "`PERCENT` of the account's daily tokens that a day may take, at most"},
		&cli.StringFlag{Name: "until", Usage: "stop sending at this time of day, `HH:MM`; the same command goes on later"},
		&cli.BoolFlag{Name: "json", DisableDefaultText: true, Usage: "one JSON object a line on stdout, the last one a summary"},
		&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, DisableDefaultText: true, Usage: "no progress"},
		&cli.BoolFlag{Name: "no-color", EnvVars: []string{"NO_COLOR"}, DisableDefaultText: true, Usage: "plain text"},
	}
}

// options reads the shared flags. Leftover arguments are refused: flags behind
// one would be ignored, and --dry-run must never be ignored.
func options(c *cli.Context, p *printer) (stages.Options, error) {
	p.configure(c.Bool("json"), c.Bool("quiet"), c.Bool("no-color"))
	if c.Args().Present() {
		return stages.Options{}, fmt.Errorf("%w: unexpected argument %q; every value follows a flag", stages.ErrUsage, c.Args().First())
	}
	token, err := token(c.String("token-file"))
	if err != nil {
		return stages.Options{}, err
	}
	by := c.String("by")
	if by == "" {
		by = whoami()
	}
	share, until, err := allowance(c, time.Now())
	if err != nil {
		return stages.Options{}, err
	}
	if c.IsSet("limit") && c.Int64("limit") < 1 {
		return stages.Options{}, fmt.Errorf("%w: --limit takes a number from 1, not %d", stages.ErrUsage, c.Int64("limit"))
	}
	what, err := part(c)
	if err != nil {
		return stages.Options{}, err
	}
	override := c.String("override-gate")
	if override != "" {
		override = by + ": " + override
	}
	return stages.Options{DB: c.String("db"), Source: c.String("source"), SourceTimezone: c.String("source-timezone"), Files: files(c),
		Target: c.String("target"), Token: token, Confirm: c.String("confirm"), Part: what, Paused: c.Bool("paused"), Probe: c.Bool("probe"), AccountPlan: c.String("account-plan"), Seats: c.Int64("seats"), Rehearsal: c.Bool("rehearsal"), By: by, Yes: c.Bool("yes"), Override: override, OverrideCampaigns: c.StringSlice("override-campaign"),
		Limit: c.Int64("limit"), DryRun: c.Bool("dry-run"), Timeout: c.Duration("timeout"), Settle: c.Duration("settle"), Share: share, Until: until, Wait: p.wait, Report: p.progress, Ended: p.ended}, nil
}

// rollbackFlags say what is taken back; without any it is everything.
func rollbackFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "confirm", Usage: "`DOMAIN` of the production account to take back from"},
		&cli.Int64Flag{Name: "run", DefaultText: "all runs", Usage: "only what run `N` did, see table run"},
		&cli.StringSliceFlag{Name: "only", Usage: "only `ENTITY`: person, deal_product, … or field, stage, … (may be repeated)"},
		&cli.StringFlag{Name: "since", Usage: "only what was done at or after `TIME`: 2026-03-01 or 2026-03-01T18:00:00Z"},
	}
}

// part reads them. A date is the beginning of that day here.
func part(c *cli.Context) (stages.Part, error) {
	p := stages.Part{Run: c.Int64("run"), Only: c.StringSlice("only")}
	if c.IsSet("run") && p.Run < 1 {
		return p, fmt.Errorf("%w: --run takes the number of a run, not %d", stages.ErrUsage, p.Run)
	}
	text := c.String("since")
	if !c.IsSet("since") {
		return p, nil
	}
	var err error
	if p.Since, err = time.Parse(time.RFC3339, text); err != nil {
		p.Since, err = time.ParseInLocation(time.DateOnly, text, time.Local)
	}
	if err != nil {
		err = fmt.Errorf("%w: --since takes a date such as 2026-03-01 or a time such as 2026-03-01T18:00:00Z, not %q", stages.ErrUsage, text)
	}
	return p, err
}

// allowance reads what a run may take of the day: of its tokens, and of its hours.
func allowance(c *cli.Context, now time.Time) (share float64, until time.Time, err error) {
	if c.IsSet("share") {
		percent := c.Int("share")
		if percent < 1 || percent > 100 {
			return 0, until, fmt.Errorf("%w: --share takes a percentage from 1 to 100, not %d", stages.ErrUsage, percent)
		}
		share = float64(percent) / 100
	}
	clock := c.String("until")
	if clock == "" {
		return share, until, nil
	}
	at, err := time.Parse("15:04", clock)
	if err != nil {
		return 0, until, fmt.Errorf("%w: --until takes a time of day such as 07:00, not %q", stages.ErrUsage, clock)
	}
	until = time.Date(now.Year(), now.Month(), now.Day(), at.Hour(), at.Minute(), 0, 0, now.Location())
	if !until.After(now) {
		until = until.AddDate(0, 0, 1)
	}
	return share, until, nil
}

// files says where documents come from. The keys of the bucket come from the
// environment, like every secret.
func files(c *cli.Context) stages.Files {
	return stages.Files{Folder: c.String("documents"), Hosts: c.StringSlice("allow-host"), Bucket: stages.Bucket{
		Endpoint: c.String("s3-endpoint"), Bucket: c.String("s3-bucket"), Region: c.String("s3-region"),
		AccessKey: os.Getenv("NEXTPIPE_S3_ACCESS_KEY"), SecretKey: os.Getenv("NEXTPIPE_S3_SECRET_KEY")}}
}

// token comes from a file or the environment, never from a flag, which anybody
// could read in the list of processes.
func token(file string) (string, error) {
	if file == "" {
		return os.Getenv("PIPEDRIVE_API_TOKEN"), nil
	}
	secret, err := readSecret(file)
	if err != nil {
		return "", fmt.Errorf("%w: read --token-file: %w", stages.ErrUsage, err)
	}
	return secret, nil
}

// readSecret reads a file that nobody else may read, as ssh demands of keys. A
// pipe, such as a shell's <(command), has no readers but us.
func readSecret(file string) (string, error) {
	info, err := os.Stat(file)
	if err != nil {
		return "", err
	}
	if mode := info.Mode(); mode.IsRegular() && mode.Perm()&0o077 != 0 {
		return "", fmt.Errorf("others on this machine may read or change %s (mode %04o): chmod 600 %[1]s", file, mode.Perm())
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	secret := strings.TrimSpace(strings.TrimPrefix(string(data), "\ufeff")) // some editors put a mark in front
	if secret == "" {
		return "", fmt.Errorf("%s is empty", file)
	}
	return secret, nil
}

func whoami() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "unknown"
}
