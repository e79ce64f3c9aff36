#compdef crenel
# Completion of crenel for zsh.

_crenel() {
    local answer name paths=4
    local -a candidates
    while IFS= read -r answer; do
        case $answer in
            :*) paths=${answer#:} ;;
            *)
                name=${answer%%$'\t'*}
                candidates+=("${name//:/\\:}:${answer#*$'\t'}")
                ;;
        esac
    done < <(crenel __complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)
    if [[ $paths == 0 ]]; then
        compset -P '--*='
        _files
    else
        _describe crenel candidates
    fi
}

if [[ $funcstack[1] == _crenel ]]; then
    _crenel "$@"
else
    compdef _crenel crenel
fi
