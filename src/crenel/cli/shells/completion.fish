# Completion of crenel for fish.

function __crenel_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l answer (crenel __complete -- $words[2..-1] 2>/dev/null)
    if test "$answer[-1]" = ":0"
        __fish_complete_path (commandline -ct)
    else if test (count $answer) -gt 1
        printf '%s\n' $answer[1..-2]
    end
end

complete -c crenel -f -a '(__crenel_complete)'
