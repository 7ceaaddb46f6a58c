/// A plan with a secret `pw`, and those steps on line 5.
fn secret(steps: &str) -> String {
    procedure(&format!("parameters: [{{name: pw, type: secret}}], steps: [{steps}]"))
}

/// A plan with two procedures, `p` on line 5 and `q` on line 6.
fn calls(p: &str, q: &str) -> String {
    procedure(p) + &format!("- {{procedure_id: q, name: N, {q}}}\n")
}

#[rustfmt::skip]
fn procedure_table() -> Vec<(String, &'static str)> {
    vec![
        (procedure("steps: [Go], components: [dbb], timeout: 2y, max_parallel: 0"),
            "5:56+3 components[0]: \"dbb\" is no component of this plan => db\n\
            5:71+2 timeout: \"y\" in \"2y\" is no unit of time => ms, s, m, h or d\n\
            5:89+1 max_parallel: 0 is out of range => a whole number from 1 to 1000"),
        (procedure("steps: [Go], max_parallel: {run: many, host: 2000, site: 1}"),
            "5:63+4 run: expected a whole number, found the text \"many\" => a whole number from 1 to 1000\n\
            5:75+4 host: 2000 is out of range => a whole number from 1 to 1000\n\
            5:81+4 \"site\" is no field of a limit of parallel steps => the fields of a limit of parallel steps are run, host"),
        (procedure("steps: [Go], max_parallel: [1]"),
            "5:57+3 expected a limit of parallel steps, found a list => a map with fields such as run, host"),
        (procedure("steps: [Go], priority: soon"),
            "5:53+4 priority: \"soon\" is not known here => one of critical, high, medium, low"),
        (procedure("steps: [Go], components: [db, db]"),
            "5:60+2 components[1]: it stands in the list twice => once"),
        (procedure("steps: [Go], parameters: [{name: a, type: txt}]"),
            "5:72+3 type: \"txt\" is not known here => one of text, number, duration, time, choice, component, site, secret"),
        (procedure("steps: [Go], parameters: [{name: a, type: choice}]"),
            "5:57+4 choices is missing in a parameter => choices: [first, second]"),
        (procedure("steps: [Go], parameters: [{name: a, type: choice, choices: []}]"),
            "5:80+7 choices: the list is empty => at least one choice"),
        (procedure("steps: [Go], parameters: [{name: a, type: choice, choices: [x, x], default: y}]"),
            "5:93+1 choices[1]: it stands in the list twice => once\n\
            5:106+1 default: \"y\" cannot be chosen => x"),
        (procedure("steps: [Go], parameters: [{name: a, choices: [x]}, {name: b, from: \"env:B\"}]"),
            "5:66+7 choices: it belongs to a parameter of type choice => type: choice\n\
            5:97+7 from: it belongs to a parameter of type secret => type: secret"),
        (procedure("steps: [Go], parameters: [{name: a, type: number, default: ten}, {name: b, type: duration, default: \"10\"}, {name: c, type: time, default: noon}]"),
            "5:89+3 default: \"ten\" is no number => a number such as 3, -1 or 0.5\n\
            5:130+4 default: \"10\" has no unit => 10s, 10m or 10h\n\
            5:168+4 default: \"noon\" is no moment => RFC 3339, as in 2024-04-01T00:00:00Z"),
        (procedure("steps: [Go], parameters: [{name: a, type: component, default: dbs}, {name: b, type: site, default: north}]"),
            "5:92+3 default: \"dbs\" is no component of this plan => db\n\
            5:129+5 default: \"north\" is no site of this plan => one of east, west"),
        (procedure("steps: [Go], parameters: [{name: a, type: secret, default: hunter2}]"),
            "5:89+7 default: a secret has none: it would stand in the plan => from: \"env:NAME\", \"file:/path\" or \"command:program argument\""),
        (procedure("steps: [Go], parameters: [{name: a, type: secret, from: hunter2}]"),
            "5:86+7 from: this is no reference to a secret => env:NAME, file:/PATH or command:PROGRAM ARGUMENTS"),
        (procedure("steps: [Go], parameters: [{name: a, type: secret, from: \"env:1A\"}, {name: b, type: secret, from: \"file:b\"}, {name: c, type: secret, from: \"command:\"}]"),
            "5:86+8 from: this names no variable => letters, digits and '_', the first no digit: env:DB_PASSWORD\n\
            5:127+8 from: this is no absolute path => file:/etc/warroom/db-password\n\
            5:168+10 from: this names no program => command:pass show db"),
        (procedure("steps: [Go], parameters: [{name: a, type: secret, required: true, from: \"env:A\"}, {name: b, type: secret, required: false}]"),
            "5:90+4 required: a parameter that has a from is not required => one of the two\n\
            5:146+5 required: a parameter that is not required needs a from => from: \"env:NAME\""),
        (procedure("from: east, to: west, steps: [Go], parameters: [{name: Mode}, {name: mode}, {name: To}, {name: mo de}]"),
            "5:99+4 name: \"mode\" and \"Mode\" would share the variable $WARROOM_PARAM_MODE => another name; \"Mode\" stands in line 5\n\
            5:113+2 name: \"To\" and \"to\" would share the variable $WARROOM_PARAM_TO => another name; \"to\" stands in line 5\n\
            5:125+5 name: \"mo de\" is no parameter's name => 1 to 64 letters, digits and '_'"),
        (steps("{command: [a], result: {Reason: {line: last}, lag: {json: /a}}}, {command: [b], result: {LAG: {line: last}}}"),
            "5:114+6 result: \"Reason\" and \"reason\" would share the variable $WARROOM_PARAM_REASON => another name; \"reason\" stands in line 5\n\
            5:179+3 result: \"LAG\" and \"lag\" would share the variable $WARROOM_PARAM_LAG => another name; \"lag\" stands in line 5"),
        (steps("{for_each: {items: [a], as: REASON}, manual: x}, {for_each: [a], manual: x}, {for_each: {items: [a], as: Item}, manual: x}"),
            "5:118+6 as: \"REASON\" and \"reason\" would share the variable $WARROOM_PARAM_REASON => another name; \"reason\" stands in line 5"),
        (procedure("parameters: [{name: Host}], steps: [{for_each: {hosts: [a]}, manual: x}]"),
            "5:77+12 for_each: \"host\" and \"Host\" would share the variable $WARROOM_PARAM_HOST => another name; \"Host\" stands in line 5"),
        (procedure("steps: [Go], preconditions: [Look around, {gate: Sure}]"),
            "5:59+11 preconditions[0]: a precondition only looks; this is a manual step => health, file, http with GET, or sql with one SELECT\n\
            5:72+12 preconditions[1]: a precondition only looks; this is a gate step => health, file, http with GET, or sql with one SELECT"),
        (procedure("steps: [Go], preconditions: [{command: [a]}, {wait: 3s}]"),
            "5:59+14 preconditions[0]: a precondition only looks; this is a command step => health, file, http with GET, or sql with one SELECT\n\
            5:75+10 preconditions[1]: a precondition only looks; this is a wait step => health, file, http with GET, or sql with one SELECT"),
        (procedure("steps: [Go], preconditions: [{http: {method: POST, url: \"http://h/\"}}, {sql: {url: \"sqlite:/x\", query: DELETE FROM a}}]"),
            "5:59+40 preconditions[0]: a precondition only looks; this one sends POST => health, file, http with GET, or sql with one SELECT\n\
            5:101+47 preconditions[1]: a precondition only looks; this statement does more than select => health, file, http with GET, or sql with one SELECT"),
        (procedure("steps: [Go], preconditions: [{needs: [], on_failure: continue, part_of: verify, file: {path: /a}}]"),
            "5:60+5 needs has no place in a precondition: all are looked at side by side, before any step => needs left out\n\
            5:71+10 on_failure has no place in a precondition: all are looked at side by side, before any step => on_failure left out\n\
            5:93+7 part_of has no place in a precondition: all are looked at side by side, before any step => part_of left out"),
        (steps("{shell: \"\"}"),
            "5:98+2 shell: it is empty => a script for /bin/sh"),
        (steps("{shell: \"echo ${reason} ${HOME} $reason\"}"),
            "5:98+32 warning: shell: ${reason} stands in a script, where nothing is filled in: the shell reads a variable of its own => $WARROOM_PARAM_REASON"),
        (steps("{shell: [a]}"),
            "5:91+5 shell: expected a text, found a list => a text"),
        (steps("{command: [a], host: -oProxyCommand=x}"),
            "5:111+16 host: \"-oProxyCommand=x\" begins with '-', as an option of ssh does => a host as ssh knows it: web-1, deploy@web-1 or ${host}"),
        (steps("{command: [a], host: \"root@-x\"}, {command: [a], host: \"\"}, {command: [a], host: a b}"),
            "5:111+9 host: \"root@-x\" begins with '-', as an option of ssh does => a host as ssh knows it: web-1, deploy@web-1 or ${host}\n\
            5:144+2 host: it is empty => a host as ssh knows it: web-1, deploy@web-1 or ${host}\n\
            5:170+3 host: \"a b\" has a space in it => a host as ssh knows it: web-1, deploy@web-1 or ${host}"),
        (steps("{manual: a, host: web-1}"),
            "5:102+4 host belongs to a step that runs a program, and this is a manual step => host beside command, shell, postgres, or left out"),
        (steps("{postgres: {url: x}}, {postgres: {do: promte, url: x}}, {postgres: promote}"),
            "5:102+3 do is missing in a postgres step => do: one of lag, choose, fence, promote, follow, rewind, drop_slots\n\
            5:128+6 do: \"promte\" is not known here => one of lag, choose, fence, promote, follow, rewind, drop_slots\n\
            5:157+7 expected a postgres step, found the text \"promote\" => a map with fields such as do, url, primary"),
        (steps("{postgres: {do: lag, url: {secret: \"env:A\"}}}, {postgres: {do: lag, url: \"mysql://h/\", within: soon, bytes: 5}}"),
            "5:91+8 postgres: it measures, and has no limit => within: 15s, or bytes: 16MiB, or both\n\
            5:163+12 url: this is no address of a database that is spoken to => postgres://, or {secret: \"env:NAME\"}\n\
            5:185+4 within: \"soon\" is no duration => a duration such as 90s, 30m or 1h30m\n\
            5:198+1 bytes: \"5\" has no unit => 5B, 5KiB or 5MiB"),
        (steps("{postgres: {do: choose, of: []}}, {postgres: {do: choose, of: [{name: a, url: {secret: \"env:A\"}}, {name: a}]}}"),
            "5:114+2 of: the list is empty => at least one replica\n\
            5:189+4 url is missing in a replica => url: {secret: \"env:NAME\"}, or postgres://user@host/db\n\
            5:195+1 name: another replica is called \"a\" => another name"),
        (steps("{postgres: {do: fence, url: \"postgres://u:p@h/\", how: shoot}}, {postgres: {do: fence, how: stop}}, {postgres: {do: fence, url: {secret: \"env:A\"}, how: read_only, data: /x, mode: fast}}"),
            "5:118+19 warning: url: a password stands in the plan in clear text => {secret: \"env:NAME\"}, with the whole address in it\n\
            5:144+5 how: \"shoot\" is not known here => one of stop, read_only\n\
            5:165+2 url is missing in fence => url: {secret: \"env:NAME\"}, or postgres://user@host/db\n\
            5:165+2 data is missing in fence => data: the absolute path of the data directory\n\
            5:252+4 data belongs to how: stop, which ends processes => data left out\n\
            5:262+4 mode belongs to how: stop, which ends processes => mode left out"),
        (steps("{postgres: {do: fence, url: {secret: \"env:A\"}, how: stop, data: \"/a b\", config: x, mode: smart}}"),
            "5:154+6 data: \"/a b\" has characters that pg_ctl hands to a shell => only letters, digits and / . _ - in it\n\
            5:170+1 config: \"x\" is no absolute path => a path that begins with '/'\n\
            5:179+5 mode: \"smart\" is not known here => one of fast, immediate"),
        (steps("{postgres: {do: promote, url: {secret: \"env:A\"}, manager: patroni, wait: 3s}, host: web-1}"),
            "5:148+7 manager: \"patroni\" is not known here => one of paused\n\
            5:157+4 \"wait\" is no field of promote => the fields of promote are do, url, manager"),
        (steps("{postgres: {do: promote, url: {secret: \"env:A\"}}, host: web-1}"),
            "5:146+5 host: promote runs no program on a host => host beside fence with how: stop, or rewind"),
        (steps("{postgres: {do: follow, url: {secret: \"env:A\"}, slot: \"Old*\"}}, {postgres: {do: rewind, url: {secret: \"env:A\"}}}"),
            "5:102+2 primary is missing in follow => primary: {secret: \"env:NAME\"}, or postgres://user@host/db\n\
            5:144+6 slot: \"Old*\" is no name of a slot => 1 to 63 small letters, digits and '_'\n\
            5:166+2 from is missing in rewind => from: {secret: \"env:NAME\"}, or postgres://user@host/db\n\
            5:166+2 data is missing in rewind => data: the absolute path of the data directory"),
        (steps("{postgres: {do: drop_slots, url: {secret: \"env:A\"}, named: [\"a*b\", \"\", old_*]}, result: {a: rows, b: {column: dropped}}}"),
            "5:150+5 named[0]: \"a*b\" is no name of a slot => 1 to 63 small letters, digits and '_'\n\
            5:182+4 result.a: postgres gives no rows => {column: name}"),
        (steps("{sql: {query: select 1}}"),
            "5:97+5 url is missing in a sql step => url: {secret: \"env:NAME\"}, or postgres://user@host/db"),
        (steps("{sql: {url: \"postgres://u:p@h/db\", query: \"select ${reason}\"}}"),
            "5:102+21 warning: url: a password stands in the plan in clear text => {secret: \"env:NAME\"}, with the whole address in it\n\
            5:132+18 query: \"${\" stands in it; values are bound, never pasted in => $1 or ? in the query, and the value in bind"),
        (steps("{sql: {url: \"oracle://u:p@h/db\", query: \"\"}}"),
            "5:102+19 url: this is no address of a database that is spoken to => postgres://, mysql://, mariadb:// or sqlite:, or {secret: \"env:NAME\"}\n\
            5:130+2 query: it is empty => a statement"),
        (steps("{sql: {url: \"postgres://h /db\", query: x}}"),
            "5:102+18 url: a space cannot stand in it => the address, percent-encoded"),
        (steps("{sql: {url: {secret: hunter2}, query: x}}, {sql: {url: {file: /x}, query: x}}"),
            "5:111+7 secret: this is no reference to a secret => env:NAME, file:/PATH or command:PROGRAM ARGUMENTS\n\
            5:146+4 \"file\" is no field of a reference to a secret => the fields of a reference to a secret are secret\n\
            5:146+4 secret is missing in a reference to a secret => secret: \"env:NAME\""),
        (steps("{sql: {url: \"sqlite:/x\", query: \"?\", bind: [\"${raeson}\"], expect: {rows: 1, min_rows: 2}}}"),
            "5:134+11 bind[0]: ${raeson} has no value in this procedure => reason\n\
            5:166+8 min_rows beside rows, which says it all => one of them"),
        (steps("{sql: {url: \"sqlite:/x\", query: \"a = ? and b = ?\", bind: [c]}}, {sql: {url: \"postgres://${reason}/\", query: \"a = $1\"}}"),
            "5:141+4 bind: 1 value for 2 placeholders in the query => 2 values\n\
            5:198+8 query: nothing is bound to its 1 placeholder => bind: a list of 1 value"),
        (steps("{sql: {url: \"mysql://h/\", query: \"a = '?'\", bind: [b]}}, {sql: {url: {secret: \"env:A\"}, query: \"a = ?\"}}, {sql: {url: \"postgres://h/\", query: \"a ? $$b$$\", bind: [c]}}"),
            "5:134+4 bind: 1 value for 0 placeholders in the query => bind left out"),
        (steps("{sql: {url: \"sqlite:/x\", query: x, expect: {min_rows: 3, max_rows: 2, row: [a], at_most: {lag: much}}}}"),
            "5:157+1 max_rows: 2 is less than min_rows, 3 => 3 or more\n\
            5:160+3 row: expected a map, found a list => row: {column: text}\n\
            5:185+4 at_most.lag: expected a number, found the text \"much\" => a number such as 5"),
        (steps("{sql: {url: \"sqlite:/x\", query: x, expect: {rows: 0, row: {a: b}}}}"),
            "5:143+3 row says something of a row where none may come => row left out, or more rows"),
        (steps("{file: {}}"),
            "5:97+2 path is missing in a file step => path: /an/absolute/path"),
        (steps("{file: {path: etc/passwd}}"),
            "5:104+10 path: \"etc/passwd\" is no absolute path => a path that begins with '/'"),
        (steps("{file: {path: /etc/../passwd}}, {file: {path: \"/etc/${reason}\"}}"),
            "5:104+14 path: \"/etc/../passwd\" has \"..\" in it => the path that it leads to\n\
            5:136+16 path: \"/etc/${reason}\": nothing is filled into a path => the path itself"),
        (steps("{file: {path: /a, mode: 0640}}"),
            "5:114+4 mode: 0640 without quotes is octal to some readers of YAML and decimal to others => \"0640\", in quotes"),
        (steps("{file: {path: /a, mode: 640}}, {file: {path: /a, mode: \"888\"}}, {file: {path: /a, mode: rw}}"),
            "5:114+3 mode: 640 without quotes is octal to some readers of YAML and decimal to others => \"640\", in quotes\n\
            5:145+5 mode: \"888\" are no permission bits => three or four octal digits in quotes, as in \"0640\"\n\
            5:178+2 mode: \"rw\" are no permission bits => three or four octal digits in quotes, as in \"0640\""),
        (steps("{file: {path: /a, min_size: 10, max_size: 10MX}}"),
            "5:118+2 min_size: \"10\" has no unit => 10B, 10KiB or 10MiB\n\
            5:132+4 max_size: \"MX\" in \"10MX\" is no unit of size => one of B, kB, MB, GB, TB, KiB, MiB, GiB, TiB"),
        (steps("{file: {path: /a, min_size: 10MiB, max_size: 1kB, free: lots}}"),
            "5:135+3 max_size: it is less than min_size => min_size or more\n\
            5:146+4 free: \"lots\" is no size => a size such as 512B, 10MiB or 2GB"),
        (steps("{file: {path: /a, free: 99999999999TiB}}"),
            "5:114+14 free: \"99999999999TiB\" is more than any file holds => a size such as 512B, 10MiB or 2GB"),
        (steps("{file: {path: /a, max_age: 1, format: xml, sha256: abc}}"),
            "5:117+1 max_age: \"1\" has no unit => 1s, 1m or 1h\n\
            5:128+3 format: \"xml\" is not known here => one of json, yaml, toml\n\
            5:141+3 sha256: \"abc\" is no SHA-256 => 64 hexadecimal digits, as sha256sum prints them"),
        (steps("{file: {path: /a, present: false, owner: root, mode: \"0640\", free: 1GB}}"),
            "5:124+5 owner says something of a file that must not be there => owner left out, or present: true\n\
            5:137+4 mode says something of a file that must not be there => mode left out, or present: true"),
        (steps("{haproxy: {}}"),
            "5:100+2 socket is missing in a haproxy step => socket: /run/haproxy.sock, or host:port\n\
            5:100+2 backend is missing in a haproxy step => backend: its name in HAProxy\n\
            5:100+2 server is missing in a haproxy step => server: its name in the backend\n\
            5:100+2 the step sets nothing => one of weight, state, sessions"),
        (steps("{haproxy: {socket: run/h.sock, backend: a b, server: \"${reason};\", weight: 257, state: down, sessions: kill}}"),
            "5:109+10 socket: \"run/h.sock\" is no host and port => host:port such as 10.0.1.5:5432, db.local:5432 or [::1]:5432\n\
            5:130+3 backend: \"a b\" names nothing in HAProxy => letters, digits, '-', '_', '.' and ':'\n\
            5:143+12 server: \"${reason};\" names nothing in HAProxy => letters, digits, '-', '_', '.' and ':'\n\
            5:165+3 weight: 257 is out of range => a whole number from 0 to 256\n\
            5:177+4 state: \"down\" is not known here => one of ready, drain, maint\n\
            5:193+4 sessions: \"kill\" is not known here => one of end, wait"),
        (steps("{haproxy: {socket: \"/run/${reason}\", backend: a, server: b, weight: 1, sessions: end}}, {haproxy: {socket: \"${reason}:0\", backend: a, server: b, state: ready, sessions: wait}}"),
            "5:109+16 socket: \"/run/${reason}\": nothing is filled into a path => the path itself\n\
            5:197+13 socket: \"${reason}:0\" is no host and port => host:port such as 10.0.1.5:5432, db.local:5432 or [::1]:5432"),
        (steps("{haproxy: {socket: /run/h, backend: a, server: b, weight: 1, sessions: end}}, {haproxy: {socket: \"${reason}:1\", backend: a, server: b, state: ready, sessions: wait}}"),
            "5:151+8 sessions would never end: the server is given new ones => state: drain, state: maint or weight: 0 beside it\n\
            5:239+8 sessions would never end: the server is given new ones => state: drain, state: maint or weight: 0 beside it"),
        (steps("{nginx: {}}"),
            "5:98+2 file is missing in an nginx step => file: /etc/nginx/upstreams/shop.conf\n\
            5:98+2 upstream is missing in an nginx step => upstream: its name\n\
            5:98+2 servers is missing in an nginx step => servers: [{address: \"10.0.2.5:80\"}]\n\
            5:98+2 check is missing in an nginx step => check: [nginx, -t]\n\
            5:98+2 reload is missing in an nginx step => reload: [nginx, -s, reload]\n\
            5:98+2 nothing would show that nginx has loaded it => pid_file: /run/nginx.pid, or verify: {url, header or contains}"),
        (steps("{nginx: {file: shop.conf, upstream: a b, servers: [], check: nginx -t, reload: [], verify: {url: \"http://h/\"}}}"),
            "5:105+9 file: \"shop.conf\" is no absolute path => a path that begins with '/'\n\
            5:126+3 upstream: \"a b\" is no name of an upstream => letters, digits, '-', '_' and '.', the first a letter or digit\n\
            5:131+7 servers: the list is empty => at least one server\n\
            5:151+8 check: expected a list, found the text \"nginx -t\" => check: [first, second], or one line with '- ' for each\n\
            5:161+6 reload: the list is empty => at least one program\n\
            5:173+6 any side could answer it => header: {x-site: west}, or contains: text"),
        (steps("{nginx: {file: /a, upstream: a, servers: [{address: h}, {address: \"${reason}:x\", weight: 0}, {address: \"h:1\", backup: true, down: true}], check: [a], reload: [a], pid_file: run, verify: {url: h, header: [a], contains: b}}}"),
            "5:142+1 address: \"h\" is no host and port => host:port such as 10.0.1.5:5432, db.local:5432 or [::1]:5432\n\
            5:156+13 address: \"${reason}:x\" is no host and port => host:port such as 10.0.1.5:5432, db.local:5432 or [::1]:5432\n\
            5:179+1 weight: 0 is out of range => a whole number from 1 to 65535\n\
            5:208+4 backup: a server that is down is no backup => one of backup and down\n\
            5:263+3 pid_file: \"run\" is no absolute path => a path that begins with '/'\n\
            5:282+1 url: \"h\" does not begin with http:// or https:// => an address such as http://host:8080/path or https://host/path\n\
            5:285+6 header: expected a map of header lines, found a list => header: {accept: text/plain}"),
        (steps("{dns: {}}"),
            "5:96+2 server is missing in a dns step => server: \"ns1.example.org:53\"\n\
            5:96+2 zone is missing in a dns step => zone: example.org\n\
            5:96+2 name is missing in a dns step => name: www, or \"@\" for the zone itself\n\
            5:96+2 ttl is missing in a dns step => ttl: 30s\n\
            5:96+2 values is missing in a dns step => values: [10.0.2.5]\n\
            5:96+2 key is missing in a dns step => key: {name: failover, secret: {secret: \"env:NAME\"}}"),
        (steps("{dns: {server: ns1, zone: a b, name: \"a..b\", record: MX, ttl: 500ms, values: [], key: {name: a b, algorithm: md5, secret: hunter2}, until: [], within: 3}}"),
            "5:105+3 server: \"ns1\" is no host and port => host:port such as 10.0.1.5:5432, db.local:5432 or [::1]:5432\n\
            5:116+3 zone: \"a b\" is no name => labels of letters, digits, '-' and '_', with dots between\n\
            5:127+6 name: \"a..b\" is no name => labels of letters, digits, '-' and '_', with dots between\n\
            5:143+2 record: \"MX\" is not known here => one of A, AAAA, CNAME, TXT\n\
            5:152+5 ttl: 500ms is no whole number of seconds => a time such as 30s\n\
            5:159+6 values: the list is empty => at least one value\n\
            5:183+3 name: \"a b\" is no name => labels of letters, digits, '-' and '_', with dots between\n\
            5:199+3 algorithm: \"md5\" is not known here => one of hmac-sha256, hmac-sha512\n\
            5:212+7 secret: the key itself would stand in the plan => {secret: \"env:NAME\"}, or \"${name}\" of a parameter of type secret\n\
            5:222+5 until: the list is empty => at least one server\n\
            5:241+1 within: \"3\" has no unit => 3s, 3m or 3h"),
        (steps("{dns: {server: \"h:53\", zone: a, name: b, ttl: 1s, values: [\"::1\", \"${reason}\"], key: {name: k, secret: {secret: hunter2}}}}, {dns: {server: \"h:53\", zone: a, name: b, record: CNAME, ttl: 1s, values: [a b, c], key: {name: k, secret: \"${reson}\"}}}"),
            "5:149+5 values[0]: \"::1\" is no value of that type => an IPv4 address such as 10.0.2.5\n\
            5:202+7 secret: this is no reference to a secret => env:NAME, file:/PATH or command:PROGRAM ARGUMENTS\n\
            5:289+3 values[0]: \"a b\" is no value of that type => a whole name such as west.example.org\n\
            5:294+1 values[1]: a CNAME has one value => one value\n\
            5:321+10 secret: ${reson} has no value in this procedure => reason"),
        (secret("{dns: {server: \"${pw}:53\", zone: \"${pw}\", name: \"${pw}\", record: TXT, ttl: 1s, values: [\"${pw}\"], key: {name: k, secret: \"${pw}\"}}}"),
            "5:93+10 server: ${pw} is a secret, and people are told these words => words without it\n\
            5:111+7 zone: ${pw} is a secret, and people are told these words => words without it\n\
            5:126+7 name: ${pw} is a secret, and people are told these words => words without it\n\
            5:166+7 values[0]: ${pw} is a secret, and people are told these words => words without it"),
        (steps("{wait: 30}"),
            "5:97+2 wait: \"30\" has no unit => 30s, 30m or 30h"),
        (steps("{wait: 30s, retry: 2, on_failure: continue}"),
            "5:102+5 retry belongs to a step that the engine can do again, and this is a wait step => retry beside command, shell, http, health, sql, postgres, file, config, haproxy, nginx, dns, notify, or left out\n\
            5:112+10 on_failure belongs to a step that can fail, and this is a wait step => on_failure beside manual, command, shell, http, health, sql, postgres, file, config, haproxy, nginx, dns, notify, or left out"),
        (steps("{health: {site: east, within: 10s, stable_for: 1m}}"),
            "5:137+2 stable_for: 1m00s is longer than within, 10s => at most 10s"),
        (steps("{config: {}}"),
            "5:99+2 files is missing in a config step => files: [{from: /srv/saved/app.yml, to: /etc/app.yml}]"),
        (steps("{config: {files: []}}"),
            "5:100+5 files: the list is empty => at least one file"),
        (steps("{config: {files: [{from: a, to: /b}, {from: /c, to: /c}]}}"),
            "5:115+1 from: \"a\" is no absolute path => a path that begins with '/'\n\
            5:142+2 to: it is the path that it is taken from => another path"),
        (steps("{config: {files: [{from: /a, to: /b, mode: 0640, format: ini}, {from: /c, to: /b}], keep: x, check: app}}"),
            "5:133+4 mode: 0640 without quotes is octal to some readers of YAML and decimal to others => \"0640\", in quotes\n\
            5:147+3 format: \"ini\" is not known here => one of json, yaml, toml\n\
            5:168+2 to: another file of the list is put there => another path\n\
            5:180+1 keep: \"x\" is no absolute path => a path that begins with '/'\n\
            5:190+3 check: expected a list, found the text \"app\" => check: [first, second], or one line with '- ' for each"),
        (steps("{notify: \"\"}"),
            "5:99+2 notify: it is empty => a sentence\n\
            5:99+2 warning: notify: nobody is told: neither the step nor the plan names channels => channels: [inbox], here or in the plan"),
        (steps("{notify: hello}"),
            "5:99+5 warning: notify: nobody is told: neither the step nor the plan names channels => channels: [inbox], here or in the plan"),
        (steps("{notify: {text: hello, channels: [inbox, inbox, \"a b\"]}}"),
            "5:131+5 channels[1]: it stands in the list twice => once\n\
            5:138+5 channels[2]: \"a b\" is no identifier: it has ' ' in it => 1 to 64 letters, digits, '-', '_' and '.', the first a letter or digit"),
        (steps("{notify: {channels: [inbox]}}"),
            "5:100+8 text is missing in a notice => text: what they are told"),
        (steps("{procedure: q}"),
            "5:102+1 procedure: \"q\" is no procedure of this plan => the only procedure is p"),
        (steps("{procedure: p}"),
            "5:102+1 procedures call each other in a circle: p → p => one of these calls left out\n\
            5:102+1 procedure: p requires reason, which has no value here => with: {reason: value}"),
        (steps("{procedure: {with: {a: b}}}"),
            "5:103+4 id is missing in a call of a procedure => id: a procedure of this plan"),
        (steps("{needs: [b], command: [a]}"),
            "5:99+1 needs[0]: \"b\" is no step of this procedure => the only step is step-1"),
        (steps("{id: b, command: [a]}, {id: c, needs: [bb, c, b, b], command: [a]}"),
            "5:129+2 needs[0]: \"bb\" is no step of this procedure => the steps are b, c\n\
            5:133+1 needs[1]: a step cannot wait for itself => another step\n\
            5:139+1 needs[3]: it stands in the list twice => once"),
        (steps("{id: a, needs: [b], manual: x}, {id: b, needs: [a], manual: y}"),
            "5:138+1 needs go in a circle: a → b → a => one of these needs left out"),
        (steps("{id: a, needs: [c], manual: x}, {id: b, manual: y}, {id: c, manual: z}"),
            "5:106+1 needs go in a circle: a → c → a; c says nothing of needs, and so waits for all above it => one of these needs left out"),
        (steps("{needs: b, command: [a]}"),
            "5:98+1 needs: expected a list, found the text \"b\" => needs: [first, second], or one line with '- ' for each"),
        (steps("{id: undo.a, manual: x}"),
            "5:95+6 id: \"undo.a\" begins as the identifiers of steps do that take others back => an identifier that does not begin with undo."),
        (steps("{manual: x, when: reason}"),
            "5:108+6 when: reason is a text, and neither true nor false => reason == a text in quotes, as in \"east\""),
        (steps("{manual: x, when: \"raeson == \\\"a\\\"\"}"),
            "5:108+17 when: raeson is no parameter and no result => reason"),
        (steps("{manual: x, when: 'reason = \"a\"'}"),
            "5:116+1 when: \"=\" is no operator => =="),
        (steps("{manual: x, when: step.b == done}"),
            "5:108+6 when: step.b is no step of this procedure => nothing"),
        (steps("{id: a, manual: x, when: step.a == done}"),
            "5:115+14 when: a step cannot ask how it stands itself => another step"),
        (steps("{id: a, manual: x, when: step.b == done}, {id: b, manual: y}"),
            "5:115+14 needs go in a circle: a → b → a; b says nothing of needs, and so waits for all above it => one of these needs left out"),
        (steps("{manual: x, when: component.dbb == down and site.west == ok}"),
            "5:108+13 when: component.dbb is no component of this plan => component.db"),
        (steps("{manual: x, when: [a]}"),
            "5:102+4 when: expected a text, found a list => a text"),
        (steps("{id: a, sql: {url: \"sqlite:/x\", query: x}, result: {lag: {column: lag}}}, {manual: x, when: lag < 5 and lag == \"a\"}"),
            "5:201+3 when: \"a\" is a text, not a number => a number, as in 3"),
        (steps("{for_each: [], manual: x}"),
            "5:91+8 for_each: the list is empty => at least one item"),
        (steps("{for_each: [a, a, \"\"], manual: x}"),
            "5:105+1 for_each[1]: it stands in the list twice => once\n\
            5:108+2 for_each[2]: it is empty => a text"),
        (steps("{for_each: web, manual: x}"),
            "5:101+3 for_each: expected a list, found the text \"web\" => [first, second], {hosts: [a, b]} or {components: all}"),
        (steps("{for_each: {}, manual: x}"),
            "5:101+2 for_each: there is nothing to go over => one of items, hosts, components"),
        (steps("{for_each: {items: [a], hosts: [b]}, manual: x}"),
            "5:114+5 for_each: a step goes over one list; this one has items and hosts => one of items, hosts, components"),
        (steps("{for_each: {items: [a], as: reason}, manual: x}, {for_each: {items: [a], as: a b}, manual: x}"),
            "5:118+6 as: \"reason\" is a parameter, a result or an item already => as: and another name\n\
            5:167+3 as: \"a b\" is no parameter's name => 1 to 64 letters, digits and '_'"),
        (steps("{for_each: {hosts: [-x, a], order: priority}, host: \"${host}\", command: [a]}"),
            "5:110+2 hosts[0]: \"-x\" begins with '-', as an option of ssh does => a host as ssh knows it\n\
            5:118+5 order belongs to components; hosts go side by side => order left out"),
        (steps("{for_each: {hosts: [a]}, command: [a, \"${host}\"]}"),
            "5:91+8 warning: for_each: the step goes over hosts, and its program runs on the engine's own host each time => host: ${host}"),
        (steps("{for_each: {components: some}, manual: x}"),
            "5:114+4 components: \"some\" is not known here => all, affected, or a list of components"),
        (steps("{for_each: {components: [dbb, db, db], order: name}, manual: x}"),
            "5:115+3 components[0]: \"dbb\" is no component of this plan => db\n\
            5:124+2 components[2]: it stands in the list twice => once\n\
            5:136+4 order: \"name\" is not known here => one of dependencies, priority"),
        (steps("{for_each: {components: all}, command: [a, \"${item}\"]}"),
            "5:133+9 command[1]: ${item} has no value in this procedure => the parameters are from, to, reason"),
        (steps("{command: [a], retry: {times: 3, backoff: 0.5, at_most: 1s}}"),
            "5:132+3 backoff: 0.5 is out of range => a factor from 1 to 100, such as 2\n\
            5:146+2 at_most: 1s is shorter than every, 5s => 5s or more"),
        (steps("{command: [a], retry: {times: 3, backoff: fast}}"),
            "5:132+4 backoff: expected a number, found the text \"fast\" => a number such as 1.5"),
        (steps("{command: [a], on_failure: ignore}"),
            "5:117+6 on_failure: \"ignore\" is not known here => one of stop, continue, rollback"),
        (steps("{command: [a], on_failure: [a]}"),
            "5:105+10 on_failure: expected a word, or steps that mend, found a list => stop, continue, rollback, or {do: [steps]}"),
        (steps("{command: [a], on_failure: {}}"),
            "5:117+2 do is missing in a handler => do: a list of steps that mend it"),
        (steps("{command: [a], on_failure: {do: []}}"),
            "5:118+2 do: the list is empty => at least one step"),
        (steps("{command: [a], on_failure: {do: [{manual: b, on_failure: rollback}, {manual: c, on_failure: {do: [d]}}]}}"),
            "5:147+8 on_failure: \"rollback\" is not known here => one of stop, continue\n\
            5:170+10 on_failure: a step that mends another has no steps that mend it => on_failure: stop, or continue"),
        (steps("{id: a, manual: x}, {command: [a], on_failure: {do: [{id: b, manual: b, needs: [a]}]}}, {needs: [b], manual: y}"),
            "5:170+1 needs[0]: \"a\" is no step of this handler => the only step is b\n\
            5:187+1 needs[0]: \"b\" is no step of this procedure => the steps are a, step-2, step-3"),
        (steps("{gate: a, on_failure: continue}"),
            "5:100+10 on_failure belongs to a step that can fail, and this is a gate step => on_failure beside manual, command, shell, http, health, sql, postgres, file, config, haproxy, nginx, dns, notify, or left out"),
        (steps("{manual: a, undo: {}}"),
            "5:108+2 the undo does nothing => one of manual, command, shell, http, sql, postgres, config, haproxy, nginx, dns, notify"),
        (steps("{manual: a, undo: {command: [a], manual: b}}"),
            "5:123+6 an undo does one thing; this one has command and manual => an undo for each"),
        (steps("{manual: a, undo: {wait: 3s}}"),
            "5:109+4 \"wait\" is no field of an undo => the fields of an undo are manual, command, shell, http, sql, postgres, config, haproxy, nginx, dns, notify, timeout, retry, host\n\
            5:109+4 the undo does nothing => one of manual, command, shell, http, sql, postgres, config, haproxy, nginx, dns, notify"),
        (steps("{manual: a, undo: {manual: b, timeout: 3s}}"),
            "5:120+7 timeout belongs to a step that the engine can cut short, and this is a manual step => timeout beside command, shell, http, sql, postgres, file, config, haproxy, nginx, dns, notify, or left out"),
        (steps("{manual: a, undo: undo it}"),
            "5:108+7 expected an undo, found the text \"undo it\" => a map with fields such as manual, command, shell"),
        (steps("{health: {site: east, within: 2m}, undo: {manual: b}}"),
            "5:125+4 undo belongs to a step that does something, and this is a health step => undo beside manual, command, shell, http, sql, postgres, config, haproxy, nginx, dns, notify, or left out"),
        (steps("{gate: Go}, {manual: a, no_return: true, undo: {manual: b}}"),
            "5:131+4 undo: no_return says that there is no way back => one of undo and no_return"),
        (steps("{id: a, gate: Go}, {manual: b, needs: [], no_return: true}"),
            "5:143+4 no_return: the step cannot be taken back, and no gate stands before it => a step with gate: and a question, above this one"),
        (steps("{gate: Go, when: reason == \"hard\"}, {manual: b, no_return: true}"),
            "5:149+4 no_return: the step cannot be taken back, and the gate before it may be left out => a gate without when, for_each and part_of"),
        (steps("{gate: Go, part_of: verify}"),
            "5:101+7 part_of belongs to a step that a launch can leave out, and this is a gate step => part_of beside manual, command, shell, http, health, sql, postgres, file, wait, config, haproxy, nginx, dns, notify, procedure, or left out"),
        (steps("{manual: a, part_of: cleanup}"),
            "5:111+7 part_of: \"cleanup\" is not known here => one of verify, notify, dns, load_balancer"),
        (steps("{command: [a], result: [a]}"),
            "5:105+6 result: expected a map, found a list => result: {name: {line: last}}"),
        (steps("{command: [a], result: {a b: {line: last}, reason: {line: first}}}"),
            "5:114+3 \"a b\" is no name of a result => 1 to 64 letters, digits and '_'\n\
            5:133+6 \"reason\" is a parameter already => another name for the result\n\
            5:148+5 line: \"first\" is not known here => one of last"),
        (steps("{command: [a], result: {x: rows, y: {header: etag}, z: text}}"),
            "5:117+4 result.x: command gives no rows => {line: last} or {json: /pointer}\n\
            5:123+1 result.y: command gives no header => {line: last} or {json: /pointer}\n\
            5:145+4 result.z: expected a result, found the text \"text\" => {line: last} or {json: /pointer}"),
        (steps("{command: [a], result: {x: {}, y: {line: last, json: /a}}}"),
            "5:114+1 result.x: it says nothing => {line: last} or {json: /pointer}\n\
            5:121+1 result.y: a result comes from one place => {line: last} or {json: /pointer}"),
        (steps("{command: [a], result: {x: {json: a}, y: {json: \"/~2\"}}}"),
            "5:124+1 json: \"a\" is no JSON pointer => a path such as /status/lag, as in RFC 6901\n\
            5:138+5 json: \"/~2\" is no JSON pointer => a path such as /status/lag, as in RFC 6901"),
        (steps("{http: {url: \"http://h/\"}, result: {x: {header: \"a b\"}, y: {line: last}}}"),
            "5:138+5 header: \"a b\" is no name of a header => letters, digits and '-'\n\
            5:146+1 result.y: http gives no line => {json: /pointer} or {header: name}"),
        (steps("{manual: a, result: {x: {line: last}}}"),
            "5:102+6 result belongs to a step that answers, and this is a manual step => result beside command, shell, http, sql, postgres, or left out"),
        (steps("{for_each: [a], command: [a], result: {x: {line: last}}}"),
            "5:120+6 result: a step that is done for a list has no one result => a step of its own, without for_each"),
        (steps("{command: [a], result: {x: {line: last}}}, {command: [b], result: {x: {line: last}}}"),
            "5:157+1 result: \"x\" names two results => another identifier; the first \"x\" stands in line 5"),
        (steps("{command: [a, \"${x}\"]}, {id: b, command: [a, \"${x}\"], result: {x: {line: last}}}, {needs: [], command: [a, \"${x}\"]}, {command: [a, \"${x}\"]}"),
            "5:104+6 command[1]: ${x} is not known here: it is a result of b, which this step does not wait for => b among its needs\n\
            5:135+6 command[1]: ${x} is not known here: it is a result of this step itself => a later step, or undo\n\
            5:197+6 command[1]: ${x} is not known here: it is a result of b, which this step does not wait for => b among its needs"),
        (steps("{id: b, command: [a], result: {x: {line: last}}, on_failure: {do: [{command: [a, \"${x}\"]}]}}"),
            "5:171+6 command[1]: ${x} is not known here: it is a result of b, and steps that mend see only each other's => a step of the procedure"),
        (steps("{id: b, command: [a], result: {x: {line: last}}}, {for_each: [\"${x}\"], manual: a}"),
            "5:152+6 for_each[0]: ${x} is a result, and a run is laid out before there are any => a parameter, or a value that stands in the plan"),
        (steps("{procedure: {id: p, with: {reason: a}}, timeout: 3s, retry: 2, on_failure: continue, undo: {manual: a}}"),
            "5:107+1 procedures call each other in a circle: p → p => one of these calls left out\n\
            5:130+7 timeout belongs to a step that the engine can cut short, and this is a procedure step => timeout beside command, shell, http, sql, postgres, file, config, haproxy, nginx, dns, notify, or left out\n\
            5:143+5 retry belongs to a step that the engine can do again, and this is a procedure step => retry beside command, shell, http, health, sql, postgres, file, config, haproxy, nginx, dns, notify, or left out\n\
            5:153+10 on_failure belongs to a step that can fail, and this is a procedure step => on_failure beside manual, command, shell, http, health, sql, postgres, file, config, haproxy, nginx, dns, notify, or left out\n\
            5:175+4 undo belongs to a step that does something, and this is a procedure step => undo beside manual, command, shell, http, sql, postgres, config, haproxy, nginx, dns, notify, or left out"),
        (secret("{command: [a, \"${pw}\"]}"),
            "5:92+7 command[1]: ${pw} is a secret, and a list of processes shows arguments => $WARROOM_PARAM_PW, which is in the environment of the program"),
        (secret("{command: [a], host: \"${pw}\"}"),
            "5:99+7 host: ${pw} is a secret, and a list of processes shows arguments => $WARROOM_PARAM_PW, which is in the environment of the program"),
        (secret("{http: {url: \"http://h/${pw}\", headers: {a: \"${pw}\"}, json: {a: \"${pw}\"}}}"),
            "5:91+16 url: ${pw} is a secret, and addresses are written to logs => a header or the JSON body"),
        (secret("{postgres: {do: promote, url: \"postgres://u:${pw}@h/\"}}, {postgres: {do: drop_slots, url: \"postgres://h/\", named: [\"${pw}\"]}}"),
            "5:108+23 url: ${pw} is a secret, and addresses are written to logs => url: {secret: \"env:NAME\"}\n\
            5:193+7 named[0]: ${pw} is a secret, and people are told these words => words without it"),
        (secret("{sql: {url: \"postgres://u:${pw}@h/\", query: x, bind: [\"${pw}\"]}}"),
            "5:90+23 url: ${pw} is a secret, and addresses are written to logs => url: {secret: \"env:NAME\"}"),
        (secret("{gate: \"Is it ${pw}?\", after: \"${pw}\"}, {manual: \"Type ${pw}\"}, \"Type ${pw}\""),
            "5:85+14 gate: ${pw} is a secret, and people are told these words => words without it\n\
            5:108+7 after: ${pw} is a secret, and people are told these words => words without it\n\
            5:127+12 manual: ${pw} is a secret, and people are told these words => words without it\n\
            5:142+12 steps[2]: ${pw} is a secret, and people are told these words => words without it"),
        (secret("{notify: {text: \"It is ${pw}\", channels: [inbox]}, name: \"Say ${pw}\"}"),
            "5:94+13 text: ${pw} is a secret, and people are told these words => words without it\n\
            5:135+11 name: ${pw} is a secret, and people are told these words => words without it"),
        (secret("{for_each: [\"${pw}\"], manual: x}"),
            "5:90+7 for_each[0]: ${pw} is a secret, and a run shows what a step is done for => items without it"),
        (secret("{config: {files: [{from: /a, to: /b}], check: [a, \"${pw}\"]}}"),
            "5:128+7 check[1]: ${pw} is a secret, and a list of processes shows arguments => $WARROOM_PARAM_PW, which is in the environment of the program"),
        (secret("{manual: x, when: pw == \"a\"}"),
            "5:96+2 when: pw is a secret: no condition can ask about it => nothing"),
        (secret("{manual: x, undo: {command: [a, \"${pw}\"]}}"),
            "5:110+7 command[1]: ${pw} is a secret, and a list of processes shows arguments => $WARROOM_PARAM_PW, which is in the environment of the program"),
        (secret("{shell: 'echo \"${pw}\"'}"),
            "5:86+14 warning: shell: ${pw} stands in a script, where nothing is filled in: the shell reads a variable of its own => $WARROOM_PARAM_PW"),
        (calls("steps: [{procedure: qq}]", "steps: [Go]"),
            "5:50+2 procedure: \"qq\" is no procedure of this plan => the procedures are p, q"),
        (calls("steps: [{procedure: q}]", "parameters: [{name: zone}, {name: key, type: secret}, {name: ttl, default: \"1\"}], steps: [Go]"),
            "5:50+1 procedure: q requires zone, which has no value here => with: {zone: value}\n\
            5:50+1 procedure: q requires key, which has no value here => a parameter key of type secret in this procedure too"),
        (calls("steps: [{procedure: {id: q, with: {zoen: a, ttl: soon, n: \"\", x: \"${a}\"}}}]", "parameters: [{name: zone}, {name: ttl, type: duration, default: 3s}, {name: n}], steps: [Go]"),
            "5:55+1 id: q requires zone, which has no value here => with: {zone: value}\n\
            5:65+4 \"zoen\" is no parameter of q => zone\n\
            5:79+4 with.ttl: \"soon\" is no duration => a duration such as 90s, 30m or 1h30m\n\
            5:88+2 with.n: it is empty, and q requires it => a value\n\
            5:92+1 \"x\" is no parameter of q => its parameters are zone, ttl, n\n\
            5:95+6 with.x: ${a} has no value in this procedure => a parameter of that name; the procedure has none"),
        (calls("steps: [{procedure: {id: q, with: {from: a}}}]", "from: east, steps: [Go]"),
            "5:65+4 \"from\" is no parameter of q => nothing: it has no parameters"),
        (calls("parameters: [{name: pw, type: secret}], steps: [{procedure: {id: q, with: {pw: \"${pw}\"}}}]", "parameters: [{name: pw, type: secret}], steps: [Go]"),
            "5:109+7 with.pw: ${pw} is a secret, and a run shows the values of a call => no value: a procedure that is called has the secrets of its caller under the same names"),
        (procedure("kind: failover, from: east, to: west, steps: [Look, {health: {site: '${from}', within: 5s}, on_failure: {do: [{health: {site: east, within: 5s}}]}}]"),
            "5:52+4 warning: p is refused when east is down: too few look there to say so, 0, limit 2 (agree in failover) => probes of east, or places that they look from, for 2 in all\n\
            5:141+6 warning: p leaves E, and step mend-2-1, which mends, waits until that is healthy => the same elsewhere; or on_failure: continue, where the rest can do without it"),
        (procedure("kind: failover, from: east, to: west, preconditions: [{health: {site: east, within: 5s}}], steps: [Look, {id: s, health: {site: '${from}', within: 5s}}]"),
            "5:52+4 warning: p is refused when east is down: too few look there to say so, 0, limit 2 (agree in failover) => probes of east, or places that they look from, for 2 in all\n\
            5:85+6 warning: p leaves E, and precondition check-1 waits until that is healthy => the same elsewhere; or on_failure: continue, where the rest can do without it\n\
            5:136+2 warning: p leaves E, and step s waits until that is healthy => the same elsewhere; or on_failure: continue, where the rest can do without it"),
        (steps("{command: [a], fence: moat, ungraceful: stop}, {command: [a], ungraceful: {wait: 5s}}, {gate: Go, unattended: perhaps}"),
            "5:112+4 fence: \"moat\" is not known here => one of power, network, credentials, server, load_balancer\n\
            5:130+4 ungraceful: \"stop\" is not known here => one of skip\n\
            5:165+4 \"wait\" is no field of an ungraceful form => the fields of an ungraceful form are manual, command, shell, http, sql, postgres, config, haproxy, nginx, dns, notify, timeout, retry, host\n\
            5:165+4 the ungraceful form does nothing => one of manual, command, shell, http, sql, postgres, config, haproxy, nginx, dns, notify\n\
            5:200+7 unattended: expected true or false, found the text \"perhaps\" => true or false"),
        (steps("{id: cut, command: [a], fence: power, on_failure: {do: [{command: [b], fence: network}]}}"),
            "5:121+5 warning: fence says nothing in a procedure that moves nothing: p is no failover => fence left out\n\
            5:168+7 warning: fence says nothing in a procedure that moves nothing: p is no failover => fence left out"),
        (moves("preconditions: [{health: {site: west, within: 5s}, fence: power}], steps: [{manual: x, fence: power}]"),
            "5:119+5 fence has no place in a precondition: all are looked at side by side, before any step => fence left out"),
        (moves("steps: [{postgres: {do: fence, url: 'postgres://h/', how: read_only}, fence: server}]"),
            "5:77+8 warning: p leaves E, and step step-1 speaks to h:5432, which lies there (probe db.east) => the same elsewhere; or on_failure: continue, where the rest can do without it\n\
            5:145+6 fence: read_only fences nothing off: any session may switch it off => how: stop; or fence left out, and a step that cuts it off after this one"),
        (moves("steps: [{gate: Go}, {id: last, manual: x, no_return: true}]"),
            "5:4+12 warning: p is refused at launch: there is no return from last, and no step before it cuts off the site that is left => a step with fence: power, network, credentials, server or load_balancer"),
        (moves("steps: [{id: cut, manual: x, fence: power, needs: []}, {id: go, gate: Go, needs: []}, {id: last, needs: [go], manual: x, no_return: true}]"),
            "5:4+12 warning: p is refused at launch: there is no return from last, and no step before it cuts off the site that is left => a step with fence: power, network, credentials, server or load_balancer"),
        (moves("steps: [{gate: Go}, {manual: x, fence: power, ungraceful: skip}, {id: last, manual: x, no_return: true}]"),
            "5:4+12 warning: in an emergency p is refused: there is no return from last, and what cuts off the site that is left is then skipped => a step with fence: power, network, credentials, server or load_balancer"),
        (moves("steps: [{gate: Go}, {manual: x, fence: power, no_return: true}, {id: last, manual: x, no_return: true}]"),
            ""),
        (procedure("kind: failover, from: east, to: west, steps: [Look]"),
            "5:52+4 warning: p is refused when east is down: too few look there to say so, 0, limit 2 (agree in failover) => probes of east, or places that they look from, for 2 in all"),
        (calls("steps: [{procedure: q}]", "steps: [{procedure: p}]"),
            "6:50+1 procedures call each other in a circle: p → q → p => one of these calls left out"),
        (calls("steps: [{manual: x, on_failure: {do: [{procedure: {id: q}}]}}]", "steps: [{procedure: p}]"),
            "6:50+1 procedures call each other in a circle: p → q → p => one of these calls left out"),
        (calls("steps: [{procedure: q}]", "steps: [{manual: a, no_return: true}]"),
            "6:61+4 no_return: the step cannot be taken back, and no gate stands before it, nor before the call in line 5 => a step with gate: and a question, above one of the two"),
        (calls("steps: [Go]", "steps: [{manual: a, no_return: true}]"),
            "6:61+4 no_return: the step cannot be taken back, and no gate stands before it => a step with gate: and a question, above this one"),
    ]
}
