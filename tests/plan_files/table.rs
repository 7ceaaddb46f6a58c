/// What is written, and what is said about it.
#[rustfmt::skip]
fn table() -> Vec<(String, &'static str)> {
    vec![
        ("".to_owned(),
            "1:1+0 the file is empty => a plan begins with plan_name: and a name"),
        ("# only a comment\n".to_owned(),
            "1:1+0 the file is empty => a plan begins with plan_name: and a name"),
        ("just a text\n".to_owned(),
            "1:1+11 expected a plan, found the text \"just a text\" => a map with fields such as plan_id, plan_name, description"),
        ("- a\n- list\n".to_owned(),
            "1:1+3 expected a plan, found a list => a map with fields such as plan_id, plan_name, description"),
        ("plan_name: a\n".to_owned(),
            "1:1+9 components is missing in a plan => components: a list of what can fail"),
        ("plan_name:\ncomponents: []\n".to_owned(),
            "1:1+9 plan_name: nothing stands here => plan_name: a name for people\n\
            2:1+10 components: the list is empty => at least one component"),
        ("plan_name: \"東京\"\ncomponents: [{component_id: a, name: A, type: api}]\n".to_owned(),
            "1:12+4 plan_name: no identifier can be made of \"東京\" => an identifier of its own in plan_id"),
        ("plan_name: a\n---\nplan_name: b\n".to_owned(),
            "2:1+3 a second document begins here; a plan file holds one => one file for each plan"),
        ("plan_name: \"a\nb: c\n".to_owned(),
            "2:1+1 a quoted text goes on in a line that is not indented => a closing quote, or an indented line"),
        ("plan_name: [a\n".to_owned(),
            "1:12+1 '[' is not closed => a closing bracket of the same kind"),
        ("plan_name: [a}\n".to_owned(),
            "1:12+1 '[' is closed by '}' => a closing bracket of the same kind"),
        ("plan_name: a]\nb: }\n".to_owned(),
            "2:4+1 a bracket closes that none has opened => quotes around the text"),
        ("plan_name: a: b\n".to_owned(),
            "1:13+1 a ':' cannot stand here => quotes around a text that holds ': '"),
        ("plan_name: a\n\trto: 3\n".to_owned(),
            "1:12+1 a tab stands in this text or indents what follows it => spaces"),
        ("plan_name: a\n  rto: 3\n".to_owned(),
            "2:6+1 a ':' cannot stand here => quotes around a text that holds ': '"),
        ("plan_name: a\nrto\nrpo: 3\n".to_owned(),
            "2:1+1 the name of a field without a ':' after it => name: value"),
        ("plan_name: *a\n".to_owned(),
            "1:12+1 the alias names an anchor that is not there => &name before it, or the value itself"),
        ("plan_name: @a\n".to_owned(),
            "1:12+1 '@' cannot begin a value => quotes around a text that begins with such a character"),
        ("plan_name: \"\\q\"\n".to_owned(),
            "1:12+1 the character after '\\' is no escape => '\\\\' for a backslash, or single quotes"),
        ("plan_name: &a [*a]\n".to_owned(),
            "1:16+2 an alias stands inside what it repeats, which would never end => write the value out"),
        ("{\"plan_name\": \"a\" \"rto\": 3}".to_owned(),
            "1:19+1 something stands behind a closing quote => a ',' between fields, or quotes around the whole text"),
        ("plan_name: a\u{0}b\nrto: x\ncomponents: [{component_id: a, name: \"\\e[31m\", type: api}]\n".to_owned(),
            "1:13+1 U+0000, a control character, cannot stand in a plan => remove it\n\
            2:6+1 rto: \"x\" is no duration => a duration such as 90s, 30m or 1h30m\n\
            3:38+8 U+001B, a control character, cannot stand in a plan => remove it"),
        ("# \u{202e}\nplan_name: a\ncomponents: [{component_id: a, name: A\u{7f}, type: api}]\n".to_owned(),
            "1:3+1 U+202E, a character that turns the direction of writing, cannot stand in a plan => remove it\n\
            3:39+1 U+007F, a control character, cannot stand in a plan => remove it"),
        (plan("compnents: 3"),
            "3:1+9 \"compnents\" is no field of a plan => components"),
        (plan("weather: fine"),
            "3:1+7 \"weather\" is no field of a plan => the fields of a plan are plan_id, plan_name, description, environment, scope, priority, rto, rpo, stable_for, recovery_tier, sites, components, failover_configuration, recovery_procedures, scenarios, testing_schedule, notifications, channels, pages, customers, tiers, data, rco, rso, failover, status, created_at, created_by, last_tested, next_test"),
        (plan("plan_name: again"),
            "3:1+9 \"plan_name\" stands twice in one map => once; the first stands in line 1"),
        (plan("<<: {rto: 3}"),
            "3:1+2 \"<<\" merges maps, which plans do not => write the fields out"),
        (plan("[a, b]: 3"),
            "3:1+6 a list or a map cannot be the name of a field => a text before the ':'"),
        (plan("rto: !!int 3"),
            "3:6+5 the tag \"!!int\" is not read in plans => leave it out; quotes make a text of a number"),
        (plan("plan_id: a b"),
            "3:10+3 plan_id: \"a b\" is no identifier: it has ' ' in it => 1 to 64 letters, digits, '-', '_' and '.', the first a letter or digit"),
        (plan("plan_id: {a: b}"),
            "3:1+7 plan_id: expected a text, found a map => a text"),
        (plan("plan_id: ../etc"),
            "3:10+6 plan_id: \"../etc\" is no identifier: it has '/' in it => 1 to 64 letters, digits, '-', '_' and '.', the first a letter or digit"),
        (plan("rto: soon"),
            "3:6+4 rto: \"soon\" is no duration => a duration such as 90s, 30m or 1h30m"),
        (plan("rto: \"30\""),
            "3:6+4 rto: \"30\" has no unit => 30s, 30m or 30h"),
        (plan("rto: 0777"),
            "3:6+4 rto: 0777 begins with 0, which some read as octal => 777"),
        (plan("rto: -5"),
            "3:6+2 rto: \"-5\" is no duration => a duration such as 90s, 30m or 1h30m"),
        (plan("rto: 3w"),
            "3:6+2 rto: \"w\" in \"3w\" is no unit of time => ms, s, m, h or d"),
        (plan("rto: [3]"),
            "3:1+3 rto: expected a duration, found a list => a duration such as 90s, 30m or 1h30m"),
        (plan("rpo: 20y"),
            "3:6+3 rpo: \"y\" in \"20y\" is no unit of time => ms, s, m, h or d"),
        (plan("rpo: 11000d"),
            "3:6+6 rpo: \"11000d\" is more than ten years => a duration such as 90s, 30m or 1h30m"),
        (plan("stable_for: 300"),
            "3:13+3 stable_for: \"300\" has no unit => 300s, 300m or 300h"),
        (plan("stable_for: 0s"),
            "3:13+2 stable_for: 0s is out of range => a duration from 100ms to 7d00h"),
        (plan("priority: urgent"),
            "3:11+6 priority: \"urgent\" is not known here => one of critical, high, medium, low"),
        (plan("environment: live"),
            "3:14+4 environment: \"live\" is not known here => one of production, staging, practice"),
        (plan("description: [a]"),
            "3:1+11 description: expected a text, found a list => a text"),
        (plan("sites: east"),
            "3:8+4 sites: expected a list, found the text \"east\" => sites: [first, second], or one line with '- ' for each"),
        (plan("sites: [{name: E}]"),
            "3:10+4 site_id is missing in a site => site_id: a short name such as east\n\
            3:10+4 role is missing in a site => role: primary or standby"),
        (plan("sites: [{site_id: east, name: E, role: active}, {site_id: east, name: E, role: standby}]"),
            "3:40+6 role: \"active\" is not known here => one of primary, standby\n\
            3:59+4 site_id: \"east\" names two sites => another identifier; the first \"east\" stands in line 3"),
        (plan("sites: [{site_id: e, name: E, role: primary, holds: {hosts: [\"*\", db:22, 10.0.0.0/99], paths: [mnt, /], secrets: [hunter2], people: [\"\"], channels: [\"#x\"], engine: maybe, tapes: 3}}]"),
            "3:62+3 hosts[0]: \"*\" names no host, or every one => a name such as bastion-2 or *.east.example\n\
            3:67+5 hosts[1]: \"db:22\" has ':' in it => a host alone: no user, no port, no scheme, as in db-east or 10.0.1.5\n\
            3:74+11 hosts[2]: \"10.0.0.0/99\" is no network => an address with its bits, as in 10.0.1.0/24\n\
            3:96+3 paths[0]: \"mnt\" is no absolute path below / => a path such as /mnt/nas-east\n\
            3:101+1 paths[1]: \"/\" is no absolute path below / => a path such as /mnt/nas-east\n\
            3:115+7 secrets[0]: this is no reference to a secret => env:NAME, file:/PATH or command:PROGRAM ARGUMENTS, or how such begin\n\
            3:134+2 people[0]: it is empty => a text\n\
            3:150+4 channels[0]: \"#x\" is no identifier: it has '#' in it => 1 to 64 letters, digits, '-', '_' and '.', the first a letter or digit\n\
            3:165+5 engine: expected true or false, found the text \"maybe\" => true or false\n\
            3:172+5 \"tapes\" is no field of what a site holds => the fields of what a site holds are hosts, paths, secrets, channels, people, engine"),
        (plan("channels: [inbox, inbox, \"a b\"]"),
            "3:19+5 channels[1]: it stands in the list twice => once\n\
            3:26+5 channels[2]: \"a b\" is no identifier: it has ' ' in it => 1 to 64 letters, digits, '-', '_' and '.', the first a letter or digit"),
        (plan("pages: [pager, \"#ops\", pager]"),
            "3:16+6 pages[1]: \"#ops\" is no identifier: it has '#' in it => 1 to 64 letters, digits, '-', '_' and '.', the first a letter or digit\n\
            3:24+5 pages[2]: it stands in the list twice => once"),
        (plan("pages: pager"),
            "3:8+5 pages: expected a list, found the text \"pager\" => pages: [first, second], or one line with '- ' for each"),
        (plan("failover: {agree: 0, stable_for: soon, commit_within: 0s, people: 11, patience: 2, freezes: [{from: 2026-12-27T00:00:00Z, until: 2026-12-24T00:00:00Z, reason: x}, {from: never}], leadership: [\"#x\"]}"),
            "3:19+1 agree: 0 is out of range => a whole number from 1 to 1000\n\
            3:34+4 stable_for: \"soon\" is no duration => a duration such as 90s, 30m or 1h30m\n\
            3:55+2 commit_within: 0s is out of range => a duration from 100ms to 7d00h\n\
            3:67+2 people: 11 is out of range => a whole number from 1 to 10\n\
            3:71+8 \"patience\" is no field of a rule for failovers => the fields of a rule for failovers are agree, stable_for, max_lag, backup_within, cool_down, abort_window, failback_after, commit_within, timeout, people, roles, freezes, leadership\n\
            3:130+20 until: 2026-12-24T00:00:00.000000Z is not after from => a later moment\n\
            3:165+4 until is missing in a change freeze => until: 2026-12-27T00:00:00Z\n\
            3:165+4 reason is missing in a change freeze => reason: why nothing is to be changed then\n\
            3:171+5 from: \"never\" is no moment => RFC 3339, as in 2024-04-01T00:00:00Z\n\
            3:193+4 leadership[0]: \"#x\" is no identifier: it has '#' in it => 1 to 64 letters, digits, '-', '_' and '.', the first a letter or digit"),
        (plan("failover_configuration: {failover_automation: perhaps, failover_timeout: soon}"),
            "3:47+7 failover_automation: expected true or false, found the text \"perhaps\" => true or false\n\
            3:74+4 failover_timeout: \"soon\" is no duration => a duration such as 90s, 30m or 1h30m"),
        (plan("scenarios: [{scenario_id: s, name: S, type: data_centre_outage, when: component.c == down, then: failover}]"),
            "3:98+8 then: there is no failover to launch => procedure: a failover whose parameters all have defaults"),
        (plan("customers: {every: 5}"),
            "3:13+5 url is missing in customers => url: http://host/path\n\
            3:20+1 every: \"5\" has no unit => 5s, 5m or 5h"),
        (plan("tiers: {0: {rto: 1m}, 2: {rto: soon, standby: luke}, 4: 1h, 3: {rtoo: 1h}}"),
            "3:9+1 \"0\" is no tier => 1, 2, 3 or 4\n\
            3:32+4 rto: \"soon\" is no duration => a duration such as 90s, 30m or 1h30m\n\
            3:47+4 standby: \"luke\" is not known here => one of hot, warm, cold, none\n\
            3:57+2 expected a tier, found the text \"1h\" => a map with fields such as rto, rpo, standby\n\
            3:65+4 \"rtoo\" is no field of a tier => rto"),
        (plan("rco: most\nrso: 101"),
            "3:6+4 rco: \"most\" is no share => 0% to 1000%, such as 99.9%\n\
            4:6+3 rso: \"101\" is no share => 0% to 100%, such as 99.9%"),
        (plan("data: [{category_id: a, name: A, components: [x]}, {category_id: a, name: B, components: [], rpo: 15, backup_every: []}]"),
            "3:47+1 components[0]: \"x\" is no component of this plan => the only component is c\n\
            3:66+1 category_id: \"a\" names two data sets => another identifier; the first \"a\" stands in line 3\n\
            3:78+10 components: the list is empty => at least one component\n\
            3:99+2 rpo: \"15\" has no unit => 15s, 15m or 15h\n\
            3:103+12 backup_every: expected a duration, found a list => a duration such as 90s, 30m or 1h30m"),
        (shows("wal: {probe: page}, backup: {probe: log, verified: yes}"),
            "6:64+4 probe: \"page\" is of kind http, which measures no age => a probe of kind postgres, file, command, metric, redis or heartbeat\n\
            6:87+3 probe: \"log\" tells the age of archived logs, not of a backup => wal: {probe: ID}\n\
            6:102+3 verified: expected true or false, found the text \"yes\" => true or false"),
        (shows("wal: {}, backup: {probe: mute}"),
            "6:56+2 probe is missing in what shows it => probe: the id of a probe\n\
            6:76+4 probe: \"mute\" gives no number: a command is asked for one where its limits rest on it => warn: {above: LIMIT} at that probe"),
        (shows("wal: {probe: lag}").replace("role: primary}", "role: primary, capacity: {probe: log}}"),
            "2:67+3 probe: \"log\" is of kind postgres, which measures no share => a probe of kind command or metric\n\
            6:64+3 probe: \"lag\" is no probe of this plan => log"),
        (plan("created_at: yesterday"),
            "3:13+9 created_at: \"yesterday\" is no moment => RFC 3339, as in 2024-04-01T00:00:00Z"),
        (plan("failover_configuration: {primary_site: {name: A, status: up, capacity: much}, failover_automation: yes, failover_timeout: 5 minutes ago}"),
            "3:58+2 status: \"up\" is not known here => one of active, standby\n\
            3:72+4 capacity: expected a number, found the text \"much\" => a number such as 75\n\
            3:100+3 failover_automation: expected true or false, found the text \"yes\" => true or false\n\
            3:123+13 failover_timeout: \"5 minutes ago\" is no duration => a duration such as 90s, 30m or 1h30m"),
        (plan("failover_configuration: {primary_site: {name: A}, secondary_site: {name: a}}"),
            "3:74+1 name: \"a\" names two sites => another identifier; the first \"a\" stands in line 3"),
        (plan("testing_schedule: {next_test: soon, test_duration: [], notifications: admin}"),
            "3:31+4 next_test: \"soon\" is no moment => RFC 3339, as in 2024-04-01T00:00:00Z\n\
            3:37+13 test_duration: expected a duration, found a list => a duration such as 90s, 30m or 1h30m\n\
            3:71+5 notifications: expected a list, found the text \"admin\" => notifications: [first, second], or one line with '- ' for each"),
        (plan("notifications: {on_failover: 1, recipients: [[]], on_fire: true}"),
            "3:30+1 on_failover: expected true or false, found the number 1 => true or false\n\
            3:46+2 recipients[0]: expected a text, found a list => a text\n\
            3:51+7 \"on_fire\" is no field of notifications => the fields of notifications are on_failover, on_recovery, on_test, recipients"),
        (component("name: Twice"),
            "8:3+4 \"name\" stands twice in one map => once; the first stands in line 6"),
        (component("priority: \"no\""),
            "8:13+4 priority: \"no\" is not known here => one of critical, high, medium, low"),
        (component("sites: [esat]"),
            "8:11+4 sites[0]: \"esat\" is no site of this plan => east"),
        (component("sites: [east, east]"),
            "8:17+4 sites[1]: it stands in the list twice => once"),
        (component("dependencies: [dbb]"),
            "8:18+3 dependencies[0]: \"dbb\" is no component of this plan => db"),
        (component("dependencies: [c]"),
            "8:18+1 dependencies go in a circle: c → c => one of these dependencies left out"),
        (component("dependencies: db"),
            "8:17+2 dependencies: expected a list, found the text \"db\" => dependencies: [first, second], or one line with '- ' for each"),
        (component("tier: 1\n  sites: [east]"),
            "8:9+1 warning: tier: tier 1 asks for a hot standby, and c runs at one site => a second site, or another tier"),
        (component("tier: 1\n  sites: [east]\ntiers: {1: {standby: cold}}"), ""),
        (component("tier: 3\n  sites: [east]"), ""),
        (component("tier: 1\n  dependencies: [db]").replace("type: api}", "type: api, tier: 3}"),
            "8:9+1 warning: tier: the rto of tier 1, 30m00s, is below the 4h00m of db, which c needs => 4h00m or more, or less for db"),
        (component("recovery_procedures: [restore]"),
            "8:25+7 warning: recovery_procedures[0]: \"restore\" is no procedure of this plan => a procedure of that name; the plan has none"),
        (component("replication: {from: east, to: east, source: 'http://h/', target: h}"),
            "8:33+4 to: it is east, as from is => two sites\n\
            8:68+1 target: \"h\" does not begin with http:// or https:// => an address such as http://host:8080/path or https://host/path"),
        (component("replication: {from: east, to: east, source: 'postgres://u:pw@h/d', target: 'mysql://u:pw@h/d'}"),
            "8:33+4 to: it is east, as from is => two sites\n\
            8:47+21 warning: source: a password stands in the plan in clear text => {secret: \"env:NAME\"}, with the whole address in it\n\
            8:78+18 target: this is no address that begins with postgres:// or postgresql:// => postgres://host/…, or {secret: \"env:NAME\"}"),
        (probe("site: east"),
            "8:13+4 a probe without a kind looks at nothing => one of http, tcp, tls, dns, icmp, postgres, mysql, redis, disk, load, file, command, heartbeat, metric"),
        (probe("tcp: 'h:1', http: 'http://h/'"),
            "8:25+4 a probe looks in one way; this one has tcp and http => one of http, tcp, tls, dns, icmp, postgres, mysql, redis, disk, load, file, command, heartbeat, metric"),
        (probe("tcp: 'h:1', status: 200, contains: x"),
            "8:25+6 status belongs to a probe of kind http, not tcp => leave it out\n\
            8:38+8 contains belongs to a probe of kind http, not tcp => leave it out"),
        (probe("http: 'http://h/', status: 99"),
            "8:40+2 status: 99 is out of range => a whole number from 100 to 599"),
        (probe("http: 'http://h/', status: '200'"),
            "8:40+5 status: expected a whole number, found the text \"200\" => a whole number from 100 to 599, without quotes"),
        (probe("http: 'http://h/', status: 0200"),
            "8:40+4 status: 0200 begins with 0, which some read as octal => 200"),
        (probe("http: 'http:///path'"),
            "8:19+14 http: \"http:///path\" names no host => an address such as http://host:8080/path or https://host/path"),
        (probe("http: h"),
            "8:19+1 http: \"h\" does not begin with http:// or https:// => an address such as http://host:8080/path or https://host/path"),
        (probe("tcp: 'h:99999'"),
            "8:18+9 tcp: \"h:99999\" is no host and port => host:port such as 10.0.1.5:5432, db.local:5432 or [::1]:5432"),
        (probe("tcp: 'h:1', every: 10"),
            "8:32+2 every: \"10\" has no unit => 10s, 10m or 10h"),
        (probe("tcp: 'h:1', every: 1us"),
            "8:32+3 every: 1us is out of range => a duration from 100ms to 7d00h"),
        (probe("tcp: 'h:1', every: 5s, timeout: 6s"),
            "8:45+2 timeout: 6s is longer than every, 5s => at most 5s"),
        (probe("tcp: 'h:1', max_latency: 10s"),
            "8:38+3 warning: max_latency: 10s is not below timeout; an answer that slow is bad already => less than 10s"),
        (probe("disk: /srv, max_latency: 1s, warn: {used: 90, lag: 3s}, fail: {used: 95%}"),
            "8:38+2 max_latency: a probe of kind disk waits for no answer => leave it out\n\
            8:55+2 warn.used: \"90\" is no share => a share of the whole, such as 90%\n\
            8:64+2 warn.lag: a probe of kind disk measures no \"lag\" => used, free"),
        (probe("postgres: 'mysql://u:p@h/d', role: leader, warn: {lag: 10s, lag_bytes: 5}, fail: {lag: 5s}"),
            "8:23+17 postgres: this is no address that begins with postgres:// or postgresql:// => postgres://host/…, or {secret: \"env:NAME\"}\n\
            8:48+6 role: \"leader\" is not known here => one of primary, standby\n\
            8:56+4 warning: warn: lag fails before it warns => a warning that comes first\n\
            8:84+1 warn.lag_bytes: \"5\" has no unit => 5B, 5KiB or 5MiB"),
        (probe("metric: 'http://h/', warn: {above: 1, value: 2}, fail: {below: x}"),
            "8:13+6 query is missing in a probe => query: PromQL that gives one number\n\
            8:58+1 warn.value: a probe of kind metric measures no \"value\" => latency, above or below\n\
            8:76+1 fail.below: expected a number, found the text \"x\" => a number such as 0.8"),
        (probe("load: false, from: [engine, web-1, web-1]"),
            "8:19+5 load: false is no look => load: true\n\
            8:48+5 from[2]: it stands here twice => once"),
        (probe("heartbeat: true, from: '-oProxyCommand=x', warn: {latency: 1s}"),
            "8:36+18 from: \"-oProxyCommand=x\" begins with '-'; the name of a host or user cannot => engine, or a host as ssh knows it\n\
            8:72+2 warn.latency: a probe of kind heartbeat measures no \"latency\" => leave it out: it measures nothing"),
        (probe("heartbeat: true, from: [engine, web-1]"),
            "8:45+5 from[1]: a probe of kind heartbeat looks from no host => engine, or nothing"),
        (probe("icmp: db-1, from: web-1"),
            "8:31+5 from: a probe of kind icmp looks from no host => engine, or nothing"),
        (probe("dns: example.org, from: web-1"),
            "8:37+5 from: from another host only a server that is named can be asked => server: host:port"),
        (probe("redis: 'redis://:hunter2@h:6379'"),
            "8:20+25 warning: redis: a password stands in the plan in clear text => {secret: \"env:NAME\"}, with the whole address in it"),
        (probe("dns: example.org, record: PTR, server: h, expect: []"),
            "8:39+3 record: \"PTR\" is not known here => one of A, AAAA, CNAME, MX, NS, TXT\n\
            8:52+1 server: \"h\" is no host and port => host:port such as 10.0.1.5:5432, db.local:5432 or [::1]:5432\n\
            8:55+6 expect: the list is empty => at least one answer"),
        (probe("file: relative/path, pattern: x, query: up"),
            "8:19+13 file: \"relative/path\" is no absolute path => a path that begins with '/'\n\
            8:46+5 query belongs to a probe of kind metric, not file => leave it out"),
        (probe("tcp: 'h:1', fail_after: 0, pass_after: 1.5"),
            "8:37+1 fail_after: 0 is out of range => a whole number from 1 to 1000\n\
            8:52+3 pass_after: expected a whole number, found the number 1.5 => a whole number from 1 to 1000"),
        (probe("tcp: 'h:1', front_door: no"),
            "8:37+2 front_door: expected true or false, found the text \"no\" => true or false"),
        (probe("tcp: 'h:1', id: 'a/b'"),
            "8:29+5 id: \"a/b\" is no identifier: it has '/' in it => 1 to 64 letters, digits, '-', '_' and '.', the first a letter or digit"),
        (probe("tcp: 'h:1', site: north"),
            "8:31+5 site: \"north\" is no site of this plan => the sites are east, west"),
        (procedure("steps: []"),
            "5:30+5 steps: the list is empty => at least one step"),
        (procedure("from: east"),
            "5:4+12 steps is missing in a procedure => steps: a list of sentences, or of steps that act"),
        (procedure("kind: failover, steps: [Go]"),
            "5:4+12 from is missing in a procedure => from: the site that it moves away from\n\
            5:4+12 to is missing in a procedure => to: the site that it moves to"),
        (procedure("kind: failover, from: east, to: east, steps: [Go]"),
            "5:52+4 warning: p is refused when east is down: too few look there to say so, 0, limit 2 (agree in failover) => probes of east, or places that they look from, for 2 in all\n\
            5:62+4 to: it is east, as from is => two sites"),
        (procedure("kind: fialover, steps: [Go]"),
            "5:36+8 kind: \"fialover\" is not known here => one of assessment, recovery, failover, failback, backup, validation"),
        (procedure("from: noth, steps: [Go]"),
            "5:36+4 from: \"noth\" is no site of this plan => the sites are east, west"),
        (procedure("steps: [Go], dependencies: [q]"),
            "5:58+1 dependencies[0]: \"q\" is no procedure of this plan => the only procedure is p"),
        (procedure("steps: [Go], dependencies: [p]"),
            "5:58+1 dependencies go in a circle: p → p => one of these dependencies left out"),
        (procedure("steps: [Go], automation_level: full"),
            "5:61+4 automation_level: \"full\" is not known here => one of manual, semi_automated, automated"),
        (procedure("steps: [Go], estimated_duration: long"),
            "5:63+4 estimated_duration: \"long\" is no duration => a duration such as 90s, 30m or 1h30m"),
        (procedure("steps: [Go], parameters: [{name: a b}, {required: true}]"),
            "5:63+3 name: \"a b\" is no parameter's name => 1 to 64 letters, digits and '_'\n\
            5:70+8 name is missing in a parameter => name: letters, digits and '_'"),
        (procedure("steps: [Go], parameters: [{name: a}, {name: a, default: x}]"),
            "5:74+1 name: \"a\" names two parameters => another identifier; the first \"a\" stands in line 5"),
        (procedure("steps: [Go], parameters: [{name: a, required: false}, {name: b, required: true, default: x}]"),
            "5:76+5 required: a parameter that is not required needs a default => default: \"\"\n\
            5:104+4 required: a parameter that has a default is not required => one of the two"),
        (procedure("from: east, steps: [Go], parameters: [{name: from}]"),
            "5:75+4 name: \"from\" names two parameters => another identifier; the first \"from\" stands in line 5"),
        (steps("''"),
            "5:90+2 steps[0]: it is empty => a sentence"),
        (steps("[a]"),
            "5:90+3 expected a step, found a list => a map with fields such as id, name, manual"),
        (steps("{name: x}"),
            "5:91+4 the step does nothing => one of manual, gate, command, shell, http, health, sql, postgres, file, wait, config, haproxy, nginx, dns, notify, procedure"),
        (steps("{command: [a], http: {url: 'http://h/'}}"),
            "5:105+4 a step does one thing; this one has command and http => a step for each"),
        (steps("{command: power off}"),
            "5:100+9 command: a command is a list of texts, never a line for a shell => a list of the program and its arguments: [power, \"off\", east]"),
        (steps("{command: []}"),
            "5:91+7 command: the list is empty => at least one program"),
        (steps("{command: ['']}"),
            "5:101+2 command[0]: it is empty => a program"),
        (steps("{command: [a, {b: c}]}"),
            "5:104+6 command[1]: expected a text, found a map => a text"),
        (steps("{command: [a, '${raeson}']}"),
            "5:104+11 command[1]: ${raeson} has no value in this procedure => reason"),
        (steps("{command: [a, '${reason']}"),
            "5:104+10 command[1]: \"${\" is not closed => ${name}, or $${ for the characters"),
        (steps("{command: [a, '${a b}']}"),
            "5:104+8 command[1]: \"a b\" is no parameter's name => ${name} of letters, digits and '_', or $${ for the characters"),
        (steps("{id: x, command: [a]}, {id: x, command: [b]}"),
            "5:118+1 id: \"x\" names two steps => another identifier; the first \"x\" stands in line 5"),
        (steps("{id: 'a b', command: [a]}"),
            "5:95+5 id: \"a b\" is no identifier: it has ' ' in it => 1 to 64 letters, digits, '-', '_' and '.', the first a letter or digit"),
        (steps("{id: step-2, manual: x}, Look"),
            "5:115+4 id: \"step-2\" names two steps => another identifier; the first \"step-2\" stands in line 5"),
        (steps("{gate: Go, people: 0}"),
            "5:109+1 people: a gate that asks for 0 people is no gate => 1 or more"),
        (steps("{gate: Go, people: 3, roles: [deputy, scribe]}"),
            "5:109+1 people: nobody can pass a gate that asks for 3 people and lists 2 roles, each held by one person => at most 2, or more roles"),
        (steps("{gate: Go, roles: [deputy, deputy]}"),
            "5:117+6 roles[1]: it stands in the list twice => once"),
        (steps("{gate: Go, roles: []}"),
            "5:101+5 roles: the list is empty => at least one role"),
        (steps("{gate: Go, roles: [incident_comander]}"),
            "5:109+17 warning: roles[0]: \"incident_comander\" is no role that is known => incident_commander"),
        (steps("{gate: Go, no_return: true}"),
            "5:101+9 no_return belongs to a step that does something, and this is a gate step => no_return beside manual, command, shell, http, sql, postgres, config, haproxy, nginx, dns, notify, or left out"),
        (steps("{command: [a], no_return: true}"),
            "5:116+4 no_return: the step cannot be taken back, and no gate stands before it => a step with gate: and a question, above this one"),
        (steps("{manual: Shred it, no_return: true}, {gate: Sure}"),
            "5:120+4 no_return: the step cannot be taken back, and no gate stands before it => a step with gate: and a question, above this one"),
        (steps("{command: [a], people: 2, roles: [deputy]}"),
            "5:105+6 people belongs to a gate, and this is a command step => people beside gate, or left out\n\
            5:116+5 roles belongs to a gate, and this is a command step => roles beside gate, or left out"),
        (steps("{manual: a, timeout: 3s, retry: {times: 2}}"),
            "5:102+7 timeout belongs to a step that the engine can cut short, and this is a manual step => timeout beside command, shell, http, sql, postgres, file, config, haproxy, nginx, dns, notify, or left out\n\
            5:115+5 retry belongs to a step that the engine can do again, and this is a manual step => retry beside command, shell, http, health, sql, postgres, file, config, haproxy, nginx, dns, notify, or left out"),
        (steps("{gate: a, idempotent: true}"),
            "5:100+10 idempotent belongs to a step with which the engine acts, and this is a gate step => idempotent beside command, shell, http, sql, postgres, config, haproxy, nginx, dns, notify, or left out"),
        (steps("{command: [a], timeout: 3}"),
            "5:114+1 timeout: \"3\" has no unit => 3s, 3m or 3h"),
        (steps("{command: [a], retry: {times: 0}}"),
            "5:120+1 times: 0 is out of range => a whole number from 1 to 100"),
        (steps("{command: [a], retry: {every: 3s}}"),
            "5:113+5 times is missing in a retry => times: 3"),
        (steps("{command: [a], retry: many}"),
            "5:112+4 retry: expected a whole number, found the text \"many\" => a whole number from 1 to 100"),
        (steps("{command: [a], retry: [3]}"),
            "5:112+3 expected a retry, found a list => a map with fields such as times, every, backoff"),
        (steps("{command: [a], hosts: bastion}"),
            "5:105+5 \"hosts\" is no field of a step => host"),
        (steps("{command: [a], weather: fine}"),
            "5:105+7 \"weather\" is no field of a step => the fields of a step are id, name, manual, gate, command, shell, http, health, sql, postgres, file, wait, config, haproxy, nginx, dns, notify, procedure, people, roles, separate, after, unattended, needs, when, for_each, host, timeout, retry, on_failure, undo, no_return, idempotent, result, part_of, estimate, fence, ungraceful"),
        (steps("{http: {method: FETCH, url: 'http://h/${whom}', expect: {status: ok}}}"),
            "5:106+5 method: \"FETCH\" is not known here => one of GET, POST, PUT, PATCH, DELETE\n\
            5:118+18 url: ${whom} has no value in this procedure => the parameters are from, to, reason\n\
            5:155+2 status: expected a whole number, found the text \"ok\" => a whole number from 100 to 599"),
        (steps("{http: {url: '${reason}'}}"),
            "5:103+11 url: \"${reason}\" does not begin with http:// or https:// => an address such as http://host:8080/path or https://host/path"),
        (steps("{http: {json: {n: 0777, on: no}}}"),
            "5:98+4 url is missing in a request => url: http://host/path\n\
            5:108+4 json: 0777 begins with 0, which some read as octal => a number without it, or quotes\n\
            5:118+2 warning: json: \"no\" is sent as a text => true, false, or quotes"),
        (steps("{http: {url: 'http://h/', headers: {'a b': x}}}"),
            "5:126+5 \"a b\" is no name of a header => letters, digits and '-'"),
        (steps("{http: {url: 'http://h/', headers: [x]}}"),
            "5:116+7 headers: expected a map of header lines, found a list => headers: {accept: text/plain}"),
        (steps("{http: {url: 'http://h/', headers: {x: \"a\\nb\"}}}"),
            "5:129+6 headers: a line end cannot stand in it => a text of one line"),
        (steps("{health: {within: 2m}}"),
            "5:100+6 a health step looks at a site or a component; this one has none => site: or component:"),
        (steps("{health: {site: weast, component: db, within: 2}}"),
            "5:106+5 site: \"weast\" is no site of this plan => east\n\
            5:113+9 a health step looks at one thing; this one has a site and a component => site: or component:\n\
            5:136+1 within: \"2\" has no unit => 2s, 2m or 2h"),
        (steps("{health: {site: '${form}'}}"),
            "5:100+4 within is missing in a health step => within: 2m\n\
            5:106+9 site: ${form} has no value in this procedure => from"),
        (steps("{health: {component: dbs, within: 2m}}"),
            "5:111+3 component: \"dbs\" is no component of this plan => db"),
        (steps("{estimate: 0s, manual: x}"),
            "5:101+2 estimate: 0s is out of range => a duration from 1s to 7d00h"),
        ("plan_name: \"a\nb\"\ncomponents: [{}]\n".to_owned(),
            "2:1+1 a quoted text goes on in a line that is not indented => a closing quote, or an indented line"),
        ("plan_name: \"a\\nb\"\ncomponents: [{type: databse}, {component_id: x, name: \"\", type: [a]}, {id: y}]\n".to_owned(),
            "1:12+6 plan_name: a line end or a tab cannot stand in it => a text of one line\n\
            2:15+4 component_id is missing in a component => component_id: a short name such as db\n\
            2:15+4 name is missing in a component => name: a name for people\n\
            2:21+7 warning: type: \"databse\" is no known type; it counts as application => database\n\
            2:55+2 name: it is empty => a text\n\
            2:59+4 type: expected a text, found a list => a text\n\
            2:72+2 \"id\" is no field of a component => component_id\n\
            2:72+2 component_id is missing in a component => component_id: a short name such as db\n\
            2:72+2 name is missing in a component => name: a name for people\n\
            2:72+2 type is missing in a component => type: a type such as database or api"),
        (plan("plan_id: -a"),
            "3:10+2 plan_id: \"-a\" is no identifier: it begins with '-' => 1 to 64 letters, digits, '-', '_' and '.', the first a letter or digit"),
        (plan("plan_id: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
            "3:10+65 plan_id: \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…\" is no identifier: it has 65 characters => 1 to 64 letters, digits, '-', '_' and '.', the first a letter or digit"),
        (plan("sites: [{site_id: e, name: E, role: primary, location: \"a\tb\", weights: 3}]"),
            "3:56+5 location: a line end or a tab cannot stand in it => a text of one line\n\
            3:63+7 \"weights\" is no field of a site => the fields of a site are site_id, name, role, location, down_when, capacity, holds"),
        (plan("scenarios: [{scenario_id: a, name: A, type: flood}, {scenario_id: a}]"),
            "3:45+5 type: \"flood\" is not known here => one of server_failure, data_centre_outage, database_failure, database_corruption, application_failure, storage_failure, network_failure, security_breach, natural_disaster, human_error, third_party_failure, workforce_loss\n\
            3:54+11 name is missing in a scenario => name: a name for people\n\
            3:54+11 type is missing in a scenario => type: a sort of disaster such as data_centre_outage\n\
            3:67+1 scenario_id: \"a\" names two scenarios => another identifier; the first \"a\" stands in line 3"),
        (plan("scenarios: [{scenario_id: a, name: A, type: database_corruption, method: failover}]"),
            "3:74+8 method: failover does not mend database_corruption: the other site has the same data => point_in_time"),
        (plan("scenarios: [{scenario_id: a, name: A, type: human_error, allows: [restore, point_in_time]}]"),
            "3:67+7 allows[0]: restore does not mend human_error: the newest backup has the same data => point_in_time"),
        (plan("scenarios: [{scenario_id: a, name: A, type: server_failure, when: site.est == down}]"),
            "3:67+8 when: site.est is no site of this plan => nothing"),
        (plan("scenarios: [{scenario_id: a, name: A, type: server_failure, when: \"component.a = down\"}]"),
            "3:80+1 when: \"=\" is no operator => =="),
        (plan("scenarios: [{scenario_id: a, name: A, type: server_failure, when: mode == \"x\"}]"),
            "3:67+11 when: \"mode\" is nothing that a trigger can ask about => component.ID, site.ID or alert.NAME"),
        (plan("scenarios: [{scenario_id: a, name: A, type: server_failure, when: component.a == broken, for: 8d, then: shout}]"),
            "3:67+21 when: \"broken\" is nothing that a trigger can ask about => component.ID, site.ID or alert.NAME\n\
            3:95+2 for: 8d is out of range => a duration from 0s to 7d00h\n\
            3:105+5 then: \"shout\" is not known here => one of propose, declare, failover"),
        (plan("scenarios: [{scenario_id: a, name: A, type: server_failure, for: 1m, then: declare, procedure: p}]"),
            "3:61+3 for says nothing without when => when: site.east == down\n\
            3:70+4 then says nothing without when => when: site.east == down\n\
            3:96+1 procedure: \"p\" is no procedure of this plan => a procedure of that name; the plan has none"),
        (plan("scenarios: [{scenario_id: a, name: A, type: server_failure, probability: sure, impact: bad}]"),
            "3:74+4 probability: \"sure\" is not known here => one of high, medium, low\n\
            3:88+3 impact: \"bad\" is not known here => one of critical, high, medium, low"),
        (plan("failover_configuration: {failover_triggers: [site_unavailable, full_moon], failover_automation: maybe}"),
            "3:64+9 warning: failover_triggers[1]: \"full_moon\" triggers nothing => one of site_unavailable, performance_degradation, manual_trigger\n\
            3:97+5 failover_automation: expected true or false, found the text \"maybe\" => true or false"),
    ]
}
