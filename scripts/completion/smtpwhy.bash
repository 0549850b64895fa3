# bash completion of smtpwhy, written by scripts/completion/generate from the program's own help.
_smtpwhy()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]} options
	COMPREPLY=()
	[ "$cur" = = ] && cur=
	[ "$prev" = = ] && prev=${COMP_WORDS[COMP_CWORD-2]}
	case $command in
	analyze) options='--output -o --append -a --filter -f --ports -p --rules --memory -m --idle --recurse -r --jobs -j --shard --no-ndpi --partial --fail-on --redact --redact-key --batch --quiet -q --help -h' ;;
	report) options='--json --csv --html --redact --redact-key --help -h' ;;
	explain) options='--all -a --cause -c --redact --redact-key --help -h' ;;
	audit) options='--by --client-prefix --server-prefix --json --csv --fail-on --redact --redact-key --help -h' ;;
	compare) options='--inside --outside --output -o --filter -f --recurse -r --all --json --redact --redact-key --quiet -q --help -h' ;;
	diff) options='--all -a --json --redact --redact-key --help -h' ;;
	query) options='--json --csv --wide --redact --redact-key --help -h' ;;
	merge) options='--help -h' ;;
	redact) options='--redact-key --help -h' ;;
	causes) options='--help -h' ;;
	*) options='--output -o --append -a --filter -f --ports -p --rules --memory -m --idle --recurse -r --jobs -j --shard --no-ndpi --partial --fail-on --redact --redact-key --batch --quiet -q --help -h --version' command= ;;
	esac
	case $prev in
	--cause|-c) COMPREPLY=($(compgen -W "$(smtpwhy causes | sed -n 's/^  \([a-z][a-z0-9_.]*\)$/\1/p')" -- "$cur")); return ;;
	--fail-on) COMPREPLY=($(compgen -W "$({ echo any; smtpwhy causes | sed -n 's/^  \([a-z][a-z0-9_.]*\)$/\1/p'; })" -- "$cur")); return ;;
	--csv|--json) COMPREPLY=($(compgen -W "$(echo errors findings sessions differences changes captures)" -- "$cur")); return ;;
	esac
	if [[ $cur == -* ]]; then
		COMPREPLY=($(compgen -W "$options" -- "$cur"))
	elif [ "$COMP_CWORD" = 1 ]; then
		COMPREPLY=($(compgen -W 'analyze report explain audit compare diff query merge redact causes' -- "$cur") $(compgen -f -- "$cur"))
	elif [ "$command" = causes ]; then
		COMPREPLY=($(compgen -W "$(smtpwhy causes | sed -n 's/^  \([a-z][a-z0-9_.]*\)$/\1/p')" -- "$cur"))
	elif [ "$command" = query ] && [ -f "$prev" ]; then
		COMPREPLY=($(compgen -W "$(smtpwhy query "$prev" 2>/dev/null | sed -n 's/^\([a-z][a-z-]*\)$/\1/p')" -- "$cur"))
	fi
}
complete -o default -o bashdefault -F _smtpwhy smtpwhy
