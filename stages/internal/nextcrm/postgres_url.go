package nextcrm

import (
	"bufio"
	"errors"
	"io"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"
)

// prismaParameters stand in NextCRM's DATABASE_URL for its own client, Prisma.
// PostgreSQL would refuse them as unknown settings.
var prismaParameters = []string{"schema", "connection_limit", "pool_timeout", "pgbouncer", "socket_timeout",
	"statement_cache_size", "single_use_connections", "sslaccept", "sslidentity"}

// readBuffer is large because rows are small: the default of 8 KB costs a
// system call every dozen rows.
const readBuffer = 256 << 10

type urlInfo struct {
	schema      string // of the URL's schema parameter, "" without one
	hasPassword bool
}

// parseDatabaseURL accepts what NextCRM has in DATABASE_URL and what libpq
// accepts. Passwords may also come from PGPASSWORD and PGPASSFILE.
func parseDatabaseURL(text string) (*pgx.ConnConfig, urlInfo, error) {
	info := urlInfo{hasPassword: passwordOf(text) != ""}
	cleaned := text
	if u, err := url.Parse(text); err == nil && u.Scheme != "" {
		query := u.Query()
		info.schema = query.Get("schema")
		for _, name := range prismaParameters {
			query.Del(name)
		}
		u.RawQuery = query.Encode()
		cleaned = u.String()
	}
	config, err := pgx.ParseConfig(cleaned)
	if err != nil {
		return nil, info, scrub(err, passwordOf(text))
	}
	config.RuntimeParams["application_name"] = "nextpipe"
	// A pooler between us and the server does not keep prepared statements.
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	config.BuildFrontend = func(r io.Reader, w io.Writer) *pgproto3.Frontend {
		return pgproto3.NewFrontend(bufio.NewReaderSize(r, readBuffer), w)
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 15 * time.Second
	}
	return config, info, nil
}

var passwordPatterns = []*regexp.Regexp{
	regexp.MustCompile(`^[a-zA-Z]+://[^:/?#]*:(.*)@`), // greedy: an unescaped @ or / in a password is still part of it
	regexp.MustCompile(`[?&]password=([^&#]*)`),
	regexp.MustCompile(`(?:^|\s)password\s*=\s*('(?:[^'\\]|\\.)*'|\S+)`),
}

// passwordOf finds the password in a connection string without parsing it: an
// error about a malformed string must not show it either.
func passwordOf(text string) string {
	for _, pattern := range passwordPatterns {
		if m := pattern.FindStringSubmatch(text); m != nil {
			return m[1]
		}
	}
	return ""
}

// scrubbedError is an error whose text lost the password. It still unwraps, so
// that callers can ask what kind of error it is.
type scrubbedError struct {
	text  string
	cause error
}

func (e *scrubbedError) Error() string { return e.text }
func (e *scrubbedError) Unwrap() error { return e.cause }

// scrub takes a password, in any of the forms it has in a URL, out of an error's text.
func scrub(err error, password string) error {
	if err == nil || password == "" {
		return err
	}
	forms := []string{password, url.QueryEscape(password), url.PathEscape(password), strings.Trim(password, "'")}
	if plain, unescapeErr := url.PathUnescape(password); unescapeErr == nil {
		forms = append(forms, plain)
	}
	text := err.Error()
	for _, form := range forms {
		if form != "" {
			text = strings.ReplaceAll(text, form, "…")
		}
	}
	if text == err.Error() {
		return err
	}
	var cause error = errors.New(text)
	if wrapped := errors.Unwrap(err); wrapped != nil && !strings.Contains(wrapped.Error(), password) {
		cause = wrapped
	}
	return &scrubbedError{text, cause}
}
