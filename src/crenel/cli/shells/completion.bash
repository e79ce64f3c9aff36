# Completion of crenel for bash.

_crenel() {
    local answer paths=4
    COMPREPLY=()
    while IFS= read -r answer; do
        case $answer in
            :*) paths=${answer#:} ;;
            *)
                answer=${answer%%$'\t'*}
                COMPREPLY+=("${answer#--*=}") # bash counts what follows = as a word of its own
                ;;
        esac
    done < <(crenel __complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
    if [[ $paths == 0 ]]; then
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "${COMP_WORDS[COMP_CWORD]#=}")
    fi
}

complete -F _crenel crenel
