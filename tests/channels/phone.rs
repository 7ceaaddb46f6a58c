use warroom::channels::Message;

use crate::fake::{Fake, reply};
use crate::{answer, message, never, secret, tries};

fn phone(kind: &str, dir: &tempfile::TempDir, url: &str) -> String {
    let token = secret(dir.path(), "token", "the token");
    format!("kind = '{kind}'\naccount = 'AC1'\ntoken = '{token}'\nfrom = '+15550100'\nto = '+15550111'\napi = '{url}'")
}

#[tokio::test]
async fn a_short_message_is_posted_as_a_form_of_the_account() {
    let dir = tempfile::tempdir().unwrap();
    let fake = Fake::start(|_| reply(201, r#"{"sid":"SM1","status":"queued"}"#)).await;
    let emoji = Message { text: "Wir ziehen um 🚚 & مرحبا".into(), ..message() };
    assert!(answer(tries(&phone("sms", &dir, &fake.url), &emoji).await).starts_with("201 "));
    let got = &fake.got()[0];
    assert_eq!(got.path, "/2010-04-01/Accounts/AC1/Messages.json");
    assert_eq!(got.header("authorization"), "Basic QUMxOnRoZSB0b2tlbg==");
    let body = "KESTREL critical: recovering\nWir ziehen um 🚚 & مرحبا";
    let form = [("From", "+15550100"), ("To", "+15550111"), ("Body", body)];
    assert_eq!(got.form(), form.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

#[tokio::test]
async fn a_call_reads_the_words_out_and_they_are_no_markup() {
    let dir = tempfile::tempdir().unwrap();
    let fake = Fake::start(|_| reply(201, r#"{"sid":"CA1"}"#)).await;
    let sly = Message { text: "</Say><Dial>+1900</Dial>".into(), ..message() };
    answer(tries(&phone("voice", &dir, &fake.url), &sly).await);
    let got = &fake.got()[0];
    assert_eq!(got.path, "/2010-04-01/Accounts/AC1/Calls.json");
    let twiml = &got.form()[2];
    assert_eq!(
        (twiml.0.as_str(), twiml.1.as_str()),
        (
            "Twiml",
            "<Response><Say loop=\"2\">KESTREL critical: recovering. &lt;/Say&gt;&lt;Dial&gt;+1900&lt;/Dial&gt;</Say></Response>"
        )
    );
}

#[tokio::test]
async fn a_number_that_is_none_is_none_for_good() {
    let dir = tempfile::tempdir().unwrap();
    let fake = Fake::start(|_| reply(400, r#"{"code":21211,"message":"Invalid 'To' Phone Number"}"#)).await;
    assert!(never(tries(&phone("sms", &dir, &fake.url), &message()).await).contains("21211"));
}
