# what CI runs, without the demo
check:
    test -z "$(gofmt -l $(git ls-files '*.go'))"
    go vet ./...
    go tool staticcheck ./...
    go test -race \
        -gcflags='modernc.org/sqlite/lib=-race=false' -gcflags='modernc.org/libc=-race=false' -gcflags='modernc.org/memory=-race=false' \
        -timeout 25m ./stages/internal/rehearse ./stages/build ./stages ./...

# the whole migration on sample data, on this machine only
demo *flags:
    go run ./cmd/nextpipe demo {{flags}}

# all tests, as the README says
test:
    go test ./...

# speed against sqlite3 and psql, memory, tokens; prints ratios, asserts nothing
bench:
    go test -v -run '^$' -bench . -benchtime 1x -timeout 120m ./stages/internal/bench
    go test -v -run '^$' -bench 'Tokens|Pace' -benchtime 1x ./stages/internal/rehearse

# kill and resume the program for as long as it is told, on companies made by chance
soak time="20m" seed="0":
    go test -v -count=1 -timeout 0 ./fixtures/soak -soak {{time}} -seed {{seed}}

# load that many records through random faults, with another user at work
schedules operations="10000" seed="0":
    go test -v -count=1 -timeout 3h -run TestProperty ./stages/internal/rehearse -operations {{operations}} -seed {{seed}} | grep -v loading_test

# look for inputs that break the readers and normalisers, a minute each
fuzz time="60s":
    go test ./stages/internal/normal -run '^$' -fuzz FuzzEmail -fuzztime {{time}}
    go test ./stages/internal/normal -run '^$' -fuzz FuzzMoney -fuzztime {{time}}
    go test ./stages/internal/normal -run '^$' -fuzz FuzzStamp -fuzztime {{time}}

# renew the generated blocks of the README
docs:
    go test ./cmd/nextpipe -run README -update

# the official npm client against the local account
npmcheck:
    cd fixtures/sandbox/npmcheck && npm ci --no-audit --no-fund --silent
    go test -tags npmcheck -run OfficialClient ./fixtures/sandbox
