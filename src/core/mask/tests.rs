//! Tables of what must not be seen, and random streams against a plain reading of the rule.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use proptest::prelude::*;
use proptest::sample::{Index, subsequence};

use super::*;

fn masked(secret: &str, text: &str) -> String {
    Masker::new([secret]).mask_text(text)
}

fn in_chunks<'c>(masker: &mut Masker, chunks: impl IntoIterator<Item = &'c [u8]>) -> Vec<u8> {
    let mut out = Vec::new();
    for chunk in chunks {
        masker.push(chunk, &mut out);
    }
    masker.finish(&mut out);
    out
}

/// The rule, read plainly: the leftmost and longest form becomes the mask; the longest end of an open text that begins a form
/// is held back.
fn plainly(forms: &[Vec<u8>], text: &[u8], ended: bool) -> Vec<u8> {
    let (mut out, mut at) = (Vec::new(), 0);
    while at < text.len() {
        let rest = &text[at..];
        if !ended && forms.iter().any(|form| form.len() > rest.len() && form.starts_with(rest)) {
            break;
        }
        match forms.iter().filter(|form| rest.starts_with(form)).map(Vec::len).max() {
            Some(length) => {
                out.extend_from_slice(MASK.as_bytes());
                at += length;
            }
            None => {
                out.push(text[at]);
                at += 1;
            }
        }
    }
    out
}

#[test]
fn a_secret_is_masked_as_it_is_and_in_each_encoding() {
    let secret = "pä/ss \"w>rd\\?~";
    for text in [
        secret.to_owned(),
        STANDARD.encode(secret),
        STANDARD_NO_PAD.encode(secret),
        URL_SAFE.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
        "p%C3%A4%2Fss%20%22w%3Erd%5C%3F~".to_owned(),
        "p%c3%a4%2fss%20%22w%3erd%5c%3f~".to_owned(),
        "p%C3%A4/ss%20%22w%3Erd%5C%3F~".to_owned(),
        "p%C3%A4%2Fss+%22w%3Erd%5C%3F%7E".to_owned(),
        r#"pä/ss \"w>rd\\?~"#.to_owned(),
        r#"pä\/ss \"w>rd\\?~"#.to_owned(),
        r#"p\u00e4/ss \"w>rd\\?~"#.to_owned(),
        r#"pä/ss \"w\u003erd\\?~"#.to_owned(),
    ] {
        assert_eq!(masked(secret, &format!("a={text};")), "a=***;", "{text}");
    }
}

#[test]
fn a_percent_sign_of_the_secret_itself_keeps_the_case_of_its_letters() {
    assert_eq!(masked("100%ABC/ABC", "100%25ABC%2fABC"), "***");
    assert_eq!(masked("100%ABC/ABC", "100%25abc%2fabc"), "100%25abc%2fabc");
}

#[test]
fn a_secret_inside_a_longer_base64_text_is_masked_at_each_alignment() {
    for (user, seen) in [("abc", "YWJjOm***"), ("abcd", "YWJjZDp***"), ("abcde", "YWJjZGU6***")] {
        let header = STANDARD.encode(format!("{user}:correct-horse"));
        assert_eq!(masked("correct-horse", &format!("Basic {header}")), format!("Basic {seen}"), "{header}");
    }
}

#[test]
fn lines_of_a_secret_are_masked_one_by_one_when_they_are_long_enough() {
    let key = "-----BEGIN KEY-----\nMIIEvQIBADANBg\r\nshort\nkqhkiG9w0BAQEF\n-----END KEY-----\n";
    assert_eq!(
        masked(key, "1: MIIEvQIBADANBg\r\n2: short\r\n3: kqhkiG9w0BAQEF\r\n"),
        "1: ***\r\n2: short\r\n3: ***\r\n"
    );
    assert_eq!(masked(key, key), "***");
    assert_eq!(masked(key, key.trim()), "***");
    assert_eq!(masked("hunter2\n", "psql: hunter2!"), "psql: ***!");
}

#[test]
fn what_is_too_short_or_blank_is_not_looked_for() {
    for secret in ["", "a", "abc", "abc\n\n", "     ", "\n\n\n\n\n\n"] {
        let text = format!("abcabcabc YWJj      {secret}");
        assert_eq!(masked(secret, &text), text, "{secret:?}");
    }
    assert_eq!(masked("abcd", "abcabcdabc"), "abc***abc");
}

#[test]
fn the_longest_of_several_secrets_is_masked_whole() {
    let masker = Masker::new(["token", "token-of-east", "of-west"]);
    assert_eq!(masker.mask_text("token-of-east token-of-west token-of-eas"), "*** ***-*** ***-of-eas");
}

#[test]
fn a_prompt_without_a_line_end_is_passed_on_at_once() {
    let mut masker = Masker::new(["Password1", "secret"]);
    let mut out = Vec::new();
    for (chunk, seen) in [
        ("Password: ", "Password: "),
        ("Passw", "Password: "),
        ("ord for x: ", "Password: Password for x: "),
        ("sec", "Password: Password for x: "),
        ("ret", "Password: Password for x: ***"),
        ("!", "Password: Password for x: ***!"),
    ] {
        masker.push(chunk.as_bytes(), &mut out);
        assert_eq!(String::from_utf8_lossy(&out), seen, "after {chunk:?}");
    }
}

#[test]
fn a_finished_masker_serves_the_next_stream_afresh() {
    let mut masker = Masker::new(["secret"]);
    assert_eq!(in_chunks(&mut masker, [&b"sec"[..]]), b"sec");
    assert_eq!(in_chunks(&mut masker, [&b"ret"[..]]), b"ret");
}

#[test]
fn a_secret_that_is_no_text_is_masked_in_bytes_and_in_text() {
    let secret = [0xa4, b'x', 0xff, 0xc3];
    let mut masker = Masker::new([secret]);
    assert_eq!(in_chunks(&mut masker, [&[b'<', 0xa4][..], &[b'x', 0xff, 0xc3, b'>'][..]]), b"<***>");
    assert_eq!(Masker::new([[0xa4, b'x', b'y', 0xc3]]).mask_text("äxyä"), "\u{fffd}***\u{fffd}");
}

#[test]
fn more_secrets_than_can_be_looked_for_let_nothing_pass() {
    let secrets: Vec<_> = (0..=MAX_FORMS / 60_000).map(|n| format!("{n:0>60000}")).collect();
    let mut masker = Masker::new(&secrets);
    assert_eq!(in_chunks(&mut masker, [&b"any"[..], &b"thing"[..]]), b"***");
    assert_eq!(masker.mask_text(""), "");
    assert_eq!(masker.mask_text("anything"), "***");
}

#[test]
fn nothing_of_a_secret_shows_in_the_masker_itself() {
    assert_eq!(format!("{:?}", Masker::new(["0123456789abcdef"])).matches("0123").count(), 0);
}

/// Texts with much overlap among themselves, so that many forms are begun and abandoned.
fn knotty() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop::sample::select(&b"ab%/"[..]), 0..40)
}

fn cut_up<'t>(text: &'t [u8], cuts: &[Index]) -> Vec<&'t [u8]> {
    let mut at: Vec<_> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
    at.extend([0, text.len()]);
    at.sort_unstable();
    at.windows(2).map(|ends| &text[ends[0]..ends[1]]).collect()
}

fn cuts() -> impl Strategy<Value = Vec<Index>> {
    prop::collection::vec(any::<Index>(), 0..12)
}

proptest! {
    #[test]
    fn any_chunking_gives_what_the_plain_rule_gives(
        secrets in prop::collection::vec(prop::collection::vec(prop::sample::select(&b"ab%/"[..]), 4..9), 0..4),
        text in knotty(),
        cuts in cuts(),
    ) {
        let forms: Vec<_> = secrets.iter().flat_map(|secret| forms::of(secret)).collect();
        let mut masker = Masker::new(&secrets);
        let (mut out, mut given) = (Vec::new(), Vec::new());
        for chunk in cut_up(&text, &cuts) {
            masker.push(chunk, &mut out);
            given.extend_from_slice(chunk);
            prop_assert_eq!(&out, &plainly(&forms, &given, false));
        }
        masker.finish(&mut out);
        prop_assert_eq!(&out, &plainly(&forms, &text, true));
    }

    #[test]
    fn no_form_of_a_secret_survives_any_chunking(
        secret in "[^*]{4,24}",
        between in prop::collection::vec("[^*]{0,6}", 8),
        which in prop::collection::vec(any::<Index>(), 7),
        cuts in cuts(),
    ) {
        let forms = forms::of(secret.as_bytes());
        prop_assume!(!forms.is_empty());
        let mut text = between[0].clone().into_bytes();
        for (index, between) in which.iter().zip(&between[1..]) {
            text.extend_from_slice(&forms[index.index(forms.len())]);
            text.extend_from_slice(between.as_bytes());
        }
        let out = in_chunks(&mut Masker::new([&secret]), cut_up(&text, &cuts));
        for form in &forms {
            prop_assert!(!out.windows(form.len()).any(|part| part == form.as_slice()), "{form:?} in {out:?}");
        }
    }

    #[test]
    fn text_without_the_secret_is_unchanged(text in "[a-m \n]{0,200}", secret in "[n-z]{12,20}", cuts in cuts()) {
        let out = in_chunks(&mut Masker::new([secret]), cut_up(text.as_bytes(), &cuts));
        prop_assert_eq!(out, text.as_bytes());
    }

    #[test]
    fn within_any_base64_text_next_to_nothing_of_a_secret_remains(
        before in "[0-9]{0,9}", secret in "[a-z]{6,30}", after in "[0-9]{0,9}",
    ) {
        let text = STANDARD.encode(format!("{before}{secret}{after}"));
        let masked = masked(&secret, &text);
        let whole = secret.len() * 8 / 6 - 1;
        prop_assert!(masked.len() + whole <= text.len() + MASK.len(), "{masked} of {text}");
    }

    #[test]
    fn masking_a_text_is_masking_one_chunk(secrets in subsequence(vec!["abba", "bab%", "%/%/"], 0..=3), text in knotty()) {
        let mut masker = Masker::new(&secrets);
        prop_assert_eq!(masker.mask_text(&String::from_utf8_lossy(&text)).into_bytes(), in_chunks(&mut masker, [&text[..]]));
    }
}
