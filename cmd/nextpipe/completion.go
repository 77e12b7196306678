package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"nextpipe/stages"
)

// The program itself answers what may come next; these hand its answers to the shell.
const (
	bashCompletion = `_nextpipe() {
  local cur="${COMP_WORDS[COMP_CWORD]}" words=("${COMP_WORDS[@]:0:$COMP_CWORD}")
  [[ "$cur" == -* ]] && words+=("$cur")
  COMPREPLY=($(compgen -W "$("${words[@]}" --generate-bash-completion 2>/dev/null)" -- "$cur"))
}
complete -o bashdefault -o default -F _nextpipe nextpipe`

	zshCompletion = `#compdef nextpipe
_nextpipe() {
  local -a answers command
  command=(${words[1,CURRENT-1]})
  [[ "${words[CURRENT]}" == -* ]] && command+=("${words[CURRENT]}")
  answers=(${(f)"$(_CLI_ZSH_AUTOCOMPLETE_HACK=1 ${command} --generate-bash-completion 2>/dev/null)"})
  [[ -n "${answers[1]}" ]] && _describe 'values' answers || _files
}
compdef _nextpipe nextpipe`
)

// completionCommand prints what makes a shell complete commands and flags.
func completionCommand(p *printer) *cli.Command {
	shell := func(name, how string, script func(*cli.App) (string, error)) *cli.Command {
		return &cli.Command{Name: name, Usage: how, Action: func(c *cli.Context) error {
			text, err := script(c.App)
			if err == nil {
				fmt.Fprintln(p.stdout, text)
			}
			return err
		}}
	}
	fixed := func(text string) func(*cli.App) (string, error) {
		return func(*cli.App) (string, error) { return text, nil }
	}
	other := func(c *cli.Context) error {
		if c.Args().Present() {
			return fmt.Errorf("%w: completion is for bash, zsh and fish, not %q", stages.ErrUsage, c.Args().First())
		}
		return cli.ShowSubcommandHelp(c)
	}
	return &cli.Command{Name: "completion", Usage: "make your shell complete commands and flags", Action: other, Subcommands: []*cli.Command{
		shell("bash", "source <(nextpipe completion bash)", fixed(bashCompletion)),
		shell("zsh", "source <(nextpipe completion zsh)", fixed(zshCompletion)),
		shell("fish", "nextpipe completion fish | source", func(app *cli.App) (string, error) { return app.ToFishCompletion() })}}
}
