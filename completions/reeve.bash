# bash completion for reeve
_reeve()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
	local command=${COMP_WORDS[1]} verb=${COMP_WORDS[2]} words=
	local IFS=$' \t\n'
	case $prev in
	-c | --config)
		COMPREPLY=($(compgen -f -- "$cur"))
		return
		;;
	esac
	if [ "$COMP_CWORD" = 1 ]; then
		words=$(reeve --help 2>/dev/null | sed -n 's/^  \([a-z]*\) .*/\1/p')
	elif [ "$command" = config ] && [ "$COMP_CWORD" = 2 ]; then
		words="get diff show list help"
	elif [ "$command" = config ] && [ "$COMP_CWORD" = 3 ] &&
	    { [ "$verb" = get ] || [ "$verb" = help ]; }; then
		# Blanks in names do not matter to reeve: words without any.
		words=$(reeve config list 2>/dev/null |
		    sed 's/\t.*//; s/[^A-Za-z0-9]//g')
	elif [ "$command" = rules ] && [ "$COMP_CWORD" = 2 ]; then
		words="lint show stats list"
	else
		case $cur in
		-*) words=$(reeve "$command" --help 2>/dev/null |
		    grep -o -e '--[a-z-]*' | sort -u) ;;
		*) COMPREPLY=($(compgen -f -- "$cur")); return ;;
		esac
	fi
	COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -F _reeve reeve
