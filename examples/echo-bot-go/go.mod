module echobot

go 1.19
