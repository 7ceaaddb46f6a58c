//! Tables of what reads, what does not and what holds; and random conditions.

mod random;

use super::*;
use crate::core::run::StepState;

/// A procedure in the middle of its run.
struct Middle;

const TYPES: [&str; 9] = ["lag", "limit", "count", "backlog", "mode", "region", "home", "ready", "password"];

impl Scope for Middle {
    fn name(&self, name: &str) -> Option<Type> {
        Some(match name {
            "lag" | "limit" => Type::Duration,
            "count" | "backlog" => Type::Number,
            "mode" => Type::Choice(vec!["fast".into(), "careful".into(), "done".into()]),
            "region" | "home" => Type::Text,
            "ready" => Type::Truth,
            "password" => Type::Secret,
            _ => return None,
        })
    }
    fn step(&self, id: &str) -> bool {
        ["check", "fence-2", "rows"].contains(&id)
    }
    fn component(&self, id: &str) -> bool {
        ["db", "db.west"].contains(&id)
    }
    fn site(&self, id: &str) -> bool {
        ["east", "west"].contains(&id)
    }
    fn names(&self) -> Vec<String> {
        let others =
            ["step.check", "step.fence-2", "step.rows", "component.db", "component.db.west", "site.east", "site.west"];
        TYPES.iter().chain(&others).map(|name| (*name).to_owned()).collect()
    }
}

impl Facts for Middle {
    fn value(&self, name: &str) -> Option<String> {
        let value = match name {
            "lag" => "1m30s",
            "limit" => "90s",
            "count" => "12.50",
            "backlog" => "18446744073709551617",
            "mode" => "fast",
            "region" => "eu \"1\"",
            "home" => "7",
            "ready" => "true",
            _ => return None,
        };
        Some(value.to_owned())
    }
    fn outcome(&self, step: &str) -> Option<&'static str> {
        [("check", "failed"), ("fence-2", "done")].iter().find(|(id, _)| *id == step).map(|(_, word)| *word)
    }
    fn component(&self, id: &str) -> Verdict {
        if id == "db" { Verdict::Degraded } else { Verdict::Ok }
    }
    fn site(&self, id: &str) -> Verdict {
        if id == "east" { Verdict::Down } else { Verdict::Unknown }
    }
    fn alert(&self, name: &str) -> bool {
        name == "DiskFull"
    }
}

fn fault(text: &str) -> (usize, String) {
    let bad = Condition::parse(text).and_then(|condition| condition.check(&Middle)).expect_err(text);
    (bad.at, bad.to_string())
}

fn outcome(text: &str) -> Result<bool, Unclear> {
    let condition = Condition::parse(text).unwrap();
    assert_eq!(condition.check(&Middle), Ok(()), "{text}");
    condition.holds(&Middle)
}

#[test]
fn a_condition_holds_as_the_facts_say() {
    for (text, holds) in [
        ("step.check == failed", true),
        ("step.check != failed", false),
        ("step.fence-2 in [done, skipped]", true),
        ("step.fence-2 not in [done, skipped]", false),
        ("not step.fence-2 in [failed]", true),
        ("failed == step.check", true),
        ("step.check == step.fence-2", false),
        ("component.db == degraded", true),
        ("component.db.west == ok", true),
        ("site.west == unknown and site.east == down", true),
        ("site.east == component.db", false),
        ("mode == \"fast\"", true),
        ("mode in [\"careful\", \"done\"]", false),
        ("region == \"eu \\\"1\\\"\"", true),
        ("region != home", true),
        ("mode == region", false),
        ("lag == 90s", true),
        ("lag == limit", true),
        ("lag <= limit and lag >= limit", true),
        ("lag < 2m", true),
        ("30s > lag", false),
        ("count == 12.5", true),
        ("-1 < count and count < +1e2", true),
        ("backlog > 18446744073709551616", true),
        ("backlog <= 18446744073709551616", false),
        ("count < backlog", true),
        ("ready", true),
        ("not ready", false),
        ("ready == true", true),
        ("ready != false", true),
        ("false or true", true),
        ("true or true and false", true),
        ("(true or true) and false", false),
        ("not true or true", true),
        ("not (true or true)", false),
        ("not not\n\ttrue", true),
    ] {
        assert_eq!(outcome(text), Ok(holds), "{text}");
    }
}

#[test]
fn a_text_that_is_no_condition_is_refused_where_it_goes_wrong() {
    let values = "a name, step.ID, component.ID, site.ID or a value";
    for (text, at, why) in [
        ("", 0, format!("it is empty; write {values}")),
        (" \n", 0, format!("it is empty; write {values}")),
        ("mode ==", 7, format!("it ends too early; write {values}")),
        ("mode = \"fast\"", 5, "\"=\" is no operator; write ==".to_owned()),
        ("ready && ready", 6, "\"&\" is no operator; write and".to_owned()),
        ("!ready", 0, "\"!\" is no operator; write not".to_owned()),
        ("lag <> 3s", 4, "\"<>\" is no operator; write !=".to_owned()),
        ("mode == 'fast'", 8, "\"'\" is no operator; write texts in double quotes, as in \"east\"".to_owned()),
        ("mode == \"fast", 8, "the text that begins here has no end; write \" at its end".to_owned()),
        ("mode == \"a\\n\"", 10, "\"\\\" stands before \" and \\ only; write \\\\ for the character itself".to_owned()),
        ("mode == \"a\u{1b}\"", 10, "a control character cannot stand in a text".to_owned()),
        ("count - 1 == 3", 6, "'-' means nothing: nothing is reckoned here".to_owned()),
        ("ready ; ready", 6, "';' means nothing here".to_owned()),
        ("ready ready", 6, "\"ready\" cannot stand here; write and or or before it".to_owned()),
        ("1 < count < 5", 10, "\"<\" cannot compare what is itself a condition; write and".to_owned()),
        ("(ready) == true", 8, "\"==\" cannot compare what is itself a condition; write and".to_owned()),
        ("ready == (true)", 9, format!("\"(\" is no value; write {values}")),
        ("(ready", 6, "it ends too early; write \")\"".to_owned()),
        ("ready)", 5, "\")\" closes nothing".to_owned()),
        ("mode in \"fast\"", 8, "\"\\\"fast\\\"\" cannot stand here; write a list, as in [done, skipped]".to_owned()),
        ("mode in []", 9, format!("\"]\" is no value; write {values}")),
        ("mode in [\"fast\"", 15, "it ends too early; write \"]\"".to_owned()),
        ("mode not \"fast\"", 9, "\"\\\"fast\\\"\" cannot stand after \"not\" here; write not in".to_owned()),
        (
            "db.west == ok",
            0,
            "\"db.west\" is no name; write step.db.west, component.db.west or site.db.west".to_owned(),
        ),
        ("step. == ok", 0, "what stands after \"step\" is no identifier: it is empty".to_owned()),
        (
            "lag < 3w",
            6,
            "\"3w\" is no value: \"w\" is no unit of time; ms, s, m, h and d are; \
             write a number, as in 3 or 0.5, or a duration, as in 30s"
                .to_owned(),
        ),
        ("ü == 1", 0, "'ü' means nothing here".to_owned()),
        ("region == \"ü\" =", 14, "\"=\" is no operator; write ==".to_owned()),
    ] {
        assert_eq!(fault(text), (at, why), "{text:?}");
    }
}

#[test]
fn what_a_condition_names_must_be_there_and_be_compared_with_its_like() {
    let outcomes = "done, failed, skipped or another outcome";
    for (text, at, why) in [
        ("mdoe == \"fast\"", 0, "mdoe is no parameter and no result; write mode".to_owned()),
        ("weather", 0, "weather is no parameter and no result".to_owned()),
        ("step.chekc == done", 0, "step.chekc is no step of this procedure; write step.check".to_owned()),
        ("component.cache == ok", 0, "component.cache is no component of this plan".to_owned()),
        ("site.wset == ok", 0, "site.wset is no site of this plan; write site.west".to_owned()),
        ("mode == \"fats\"", 8, "\"fats\" is none of the choices; write \"fast\"".to_owned()),
        (
            "mode in [\"fast\", \"other\"]",
            17,
            "\"other\" is none of the choices; write \"fast\" or \"careful\" or \"done\"".to_owned(),
        ),
        (
            "\"other\" == mode",
            0,
            "\"other\" is none of the choices; write \"fast\" or \"careful\" or \"done\"".to_owned(),
        ),
        ("mode == careful", 8, "careful is no parameter and no result; write \"careful\"".to_owned()),
        ("mode == done", 8, "done is a word for outcomes and verdicts, not a text; write \"done\"".to_owned()),
        ("region == east", 10, "east is no parameter and no result; write \"east\" for the text".to_owned()),
        ("step.check == fialed", 14, "fialed is not the outcome of a step; write failed".to_owned()),
        ("step.check == broken", 14, format!("broken is not the outcome of a step; write {outcomes}")),
        ("step.check == \"failed\"", 14, "\"failed\" is not the outcome of a step; write failed".to_owned()),
        ("step.check == ok", 14, format!("ok is not the outcome of a step; write {outcomes}")),
        (
            "site.west == failed",
            13,
            "failed is not the verdict of a probe; write ok, degraded, down, unknown or paused".to_owned(),
        ),
        (
            "site.west == step.check",
            13,
            "step.check is the outcome of a step, and site.west is the verdict of a probe; \
             write ok, degraded, down, unknown or paused"
                .to_owned(),
        ),
        ("lag < 30", 6, "30 is a number, and lag is a duration; write a duration, as in 30s".to_owned()),
        ("lag == \"30s\"", 7, "\"30s\" is a text, not a duration; write a duration, as in 30s".to_owned()),
        ("count == ok", 9, "ok is not a number; write a number, as in 3".to_owned()),
        ("count < lag", 8, "lag is a duration, and count is a number; write a number, as in 3".to_owned()),
        ("region < \"x\"", 0, "region is a text: \"<\" is for numbers and durations; write == or !=".to_owned()),
        (
            "step.check >= done",
            0,
            "step.check is the outcome of a step: \">=\" is for numbers and durations; \
             write == or !="
                .to_owned(),
        ),
        ("ready > false", 0, "ready is true or false: \">\" is for numbers and durations; write == or !=".to_owned()),
        ("lag", 0, "lag is a duration, and neither true nor false; write lag == a duration, as in 30s".to_owned()),
        (
            "not step.check",
            4,
            format!(
                "step.check is the outcome of a step, and neither true nor false; \
             write step.check == {outcomes}"
            ),
        ),
        ("failed", 0, "failed is a word to compare with; write step.ID == failed".to_owned()),
        ("failed == failed", 0, "failed and the other are both words; write step.ID == failed".to_owned()),
        ("password == \"x\"", 0, "password is a secret: no condition can ask about it".to_owned()),
        ("region == password", 10, "password is a secret: no condition can ask about it".to_owned()),
        ("password", 0, "password is a secret: no condition can ask about it".to_owned()),
        (
            "ready and (ready or lag < 3)",
            26,
            "3 is a number, and lag is a duration; write a duration, as in 30s".to_owned(),
        ),
    ] {
        assert_eq!(fault(text), (at, why), "{text:?}");
    }
}

#[test]
fn what_is_missing_or_unreadable_is_named_and_asked_for_only_when_it_matters() {
    struct Odd;
    impl Facts for Odd {
        fn value(&self, name: &str) -> Option<String> {
            (name != "gone").then(|| name.to_owned())
        }
        fn outcome(&self, _: &str) -> Option<&'static str> {
            None
        }
        fn component(&self, _: &str) -> Verdict {
            Verdict::Ok
        }
        fn site(&self, _: &str) -> Verdict {
            Verdict::Ok
        }
        fn alert(&self, _: &str) -> bool {
            false
        }
    }
    for (text, why) in [
        ("gone == 3", Err("gone has no value")),
        ("step.x == done", Err("step step.x has no outcome")),
        ("odd < 3", Err("odd is \"odd\", which is not a number")),
        ("3s >= odd", Err("odd is \"odd\", which is not a duration")),
        ("odd", Err("odd is \"odd\", which is not true or false")),
        ("odd == true", Err("odd is \"odd\", which is not true or false")),
        ("odd < weird", Err("odd is \"odd\", which is not a duration")),
        ("odd == done", Err("odd and done cannot be compared")),
        ("3 == 3s", Err("3 and 3s cannot be compared")),
        ("true or gone == 3", Ok(true)),
        ("site.x == down and gone == 3", Ok(false)),
        ("gone == 3 or true", Err("gone has no value")),
        ("odd in [\"odd\", gone]", Ok(true)),
        ("odd in [gone, \"odd\"]", Err("gone has no value")),
    ] {
        let holds = Condition::parse(text).unwrap().holds(&Odd).map_err(|unclear| unclear.to_string());
        assert_eq!(holds, why.map_err(|why| why.replace("step step.x", "step x")), "{text}");
    }
}

#[test]
fn a_condition_says_what_it_asks_about() {
    let text =
        "step.rows == done and (step.a-b.c != failed or lag < limit) and not step.rows in [failed] and site.west == ok";
    let condition = Condition::parse(text).unwrap();
    assert_eq!(condition.steps().collect::<Vec<_>>(), ["a-b.c", "rows"]);
    assert_eq!(condition.names().collect::<Vec<_>>(), ["lag", "limit"]);
}

#[test]
fn length_and_nesting_are_bounded() {
    let nested = |open: &str, close: &str, depth: usize| format!("{}ready{}", open.repeat(depth), close.repeat(depth));
    for (open, close) in [("(", ")"), ("not ", "")] {
        assert!(Condition::parse(&nested(open, close, MAX_NESTING)).is_ok());
        let bad = Condition::parse(&nested(open, close, MAX_NESTING + 1)).unwrap_err();
        assert_eq!((bad.at, bad.what.as_str()), (MAX_NESTING * open.len(), "it is nested more than 32 deep"));
    }
    let long = format!("ready{}", " ".repeat(MAX_TEXT - 5));
    assert!(Condition::parse(&long).is_ok());
    assert_eq!(fault(&format!("{long} ")), (0, "it has 1025 bytes; at most 1024 are allowed".to_owned()));
}

#[test]
fn a_condition_is_stored_as_its_text() {
    let text = "\"mode  ==\\\"fast\\\"\"";
    let condition: Condition = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_string(&condition).unwrap(), text);
    assert!(serde_json::from_str::<Condition>("\"mode =\"").is_err());
}

#[test]
fn the_words_of_steps_and_verdicts_are_reserved() {
    let stand = StepState::Pending.word();
    assert!(OUTCOMES.contains(&stand) && is_reserved(stand));
    for verdict in [Verdict::Ok, Verdict::Degraded, Verdict::Down, Verdict::Unknown] {
        let word = serde_json::to_value(verdict).unwrap();
        assert!(VERDICTS.contains(&word.as_str().unwrap()));
    }
    assert!(is_reserved("and") && is_reserved("true") && !is_reserved("lag") && !is_reserved("step"));
}

#[test]
fn parameters_are_of_the_type_of_their_kind() {
    for (kind, of) in [
        (ParamKind::Text, Type::Text),
        (ParamKind::Number, Type::Number),
        (ParamKind::Duration, Type::Duration),
        (ParamKind::Choice(vec!["a".into()]), Type::Choice(vec!["a".into()])),
        (ParamKind::Site, Type::Text),
        (ParamKind::Secret, Type::Secret),
    ] {
        assert_eq!(Type::from(&kind), of);
    }
}
