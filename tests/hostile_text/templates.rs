//! Values in templates: each lands where it stands, as it is, and changes nothing around it.

use percent_encoding::percent_decode_str;
use proptest::prelude::*;
use proptest::sample::select;
use reqwest::Url;
use serde_json::{Value, json};
use warroom::core::template::{Template, Values, fill_json};

/// Values that would like to be more than a value.
fn value() -> impl Strategy<Value = String> {
    let nasty = select(vec![
        "",
        ".",
        "..",
        "%2e",
        "%2E%2e",
        "../..",
        "/",
        "//evil",
        "\\",
        "?x=1",
        "#",
        "&",
        "a&b=c",
        "@",
        ":80",
        "%",
        "%00",
        "${a}",
        "$${a}",
        "${",
        "$",
        "}",
        "\"",
        "\\\"",
        "\n",
        "\u{1b}[2J",
        "; rm -rf /",
        "$(id)",
        "ü",
    ]);
    prop_oneof![2 => nasty.prop_map(str::to_owned), 1 => any::<String>()]
}

fn values() -> impl Strategy<Value = Values> {
    [value(), value(), value(), value()]
        .prop_map(|values| ["a", "b", "c", "d"].map(str::to_owned).into_iter().zip(values).collect())
}

/// Texts that are nearly templates.
fn soup() -> impl Strategy<Value = String> {
    let pieces = select(vec!["$", "{", "}", "${", "$${", "a", "b", "${a}", "${b}", " ", "ü", "\0"]);
    prop::collection::vec(pieces, 0..16).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_text_is_a_template_or_refused(text in prop_oneof![soup(), any::<String>()], values in values()) {
        if let Ok(template) = Template::new(text.as_str()) {
            prop_assert_eq!(template.source(), &text);
            let known = template.names().all(|name| values.contains_key(name));
            prop_assert_eq!(template.fill(&values).is_ok(), known);
        }
    }

    #[test]
    fn a_value_is_taken_as_it_is_and_never_read_again(
        parts in prop::collection::vec((soup(), select(vec!["a", "b", "c"])), 0..5), end in soup(), values in values(),
    ) {
        // Right before a value, a dollar sign would turn it into text.
        let literals: Vec<_> = parts.iter().map(|(literal, _)| literal.trim_end_matches('$')).collect();
        let (mut source, mut meant) = (String::new(), String::new());
        for (literal, (_, name)) in literals.iter().zip(&parts) {
            source.push_str(&format!("{}${{{name}}}", literal.replace("${", "$${")));
            meant.push_str(literal);
            meant.push_str(&values[*name]);
        }
        source.push_str(&end.replace("${", "$${"));
        meant.push_str(&end);
        let template = Template::new(source.as_str()).map_err(|bad| TestCaseError::fail(format!("{source}: {bad}")))?;
        prop_assert_eq!(template.fill(&values), Ok(meant), "{}", source);
    }

    #[test]
    fn a_value_stays_inside_its_part_of_a_url(values in values()) {
        let template = Template::new("http://router.local:8080/sites/${a}/weight-${b}/${c}?to=${b}&why=${d}#${a}").unwrap();
        let is_step = |name: &str| matches!(values[name].as_str(), "." | "..");
        let Ok(filled) = template.fill_url(&values) else {
            prop_assert!(is_step("a") || is_step("c"), "{values:?}");
            return Ok(());
        };
        let url = Url::parse(&filled).map_err(|bad| TestCaseError::fail(format!("{filled}: {bad}")))?;
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        prop_assert_eq!((url.host_str(), url.port()), (Some("router.local"), Some(8080)));
        prop_assert!(url.username().is_empty() && url.password().is_none());
        let segments: Vec<_> = url.path_segments().into_iter().flatten().map(decoded).collect();
        prop_assert_eq!(&segments, &["sites", &values["a"], &format!("weight-{}", values["b"]), &values["c"]], "{}", filled);
        let query: Vec<_> = url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        prop_assert_eq!(query, [("to".to_owned(), values["b"].clone()), ("why".to_owned(), values["d"].clone())]);
        prop_assert_eq!(url.fragment().map(decoded), Some(values["a"].clone()));
    }

    #[test]
    fn a_value_adds_no_structure_to_json(values in values()) {
        let body = json!({ "a": "${a}", "list": ["${b}", "x${c}y", "$${d}"], "n": 1, "${d}": null });
        let filled = fill_json(&body, &values).map_err(|bad| TestCaseError::fail(bad.to_string()))?;
        let read: Value = serde_json::from_str(&filled.to_string()).map_err(|bad| TestCaseError::fail(bad.to_string()))?;
        let list = json!([values["b"], format!("x{}y", values["c"]), "${d}"]);
        prop_assert_eq!(read, json!({ "a": values["a"], "list": list, "n": 1, "${d}": null }));
    }
}
