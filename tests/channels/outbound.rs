use warroom::channels::outbound::Outbound;
use warroom::channels::send;
use warroom::channels::settings::ChannelSettings;
use warroom::core::comms::Attempt;

use crate::fake::{Fake, reply};
use crate::message;

#[tokio::test]
async fn nothing_goes_to_this_machine_or_to_where_clouds_keep_credentials() {
    let fake = Fake::start(|_| reply(200, "")).await;
    let outbound = Outbound::new([]).unwrap();
    for url in [
        fake.url.clone(),
        fake.url.replace("127.0.0.1", "localhost"),
        fake.url.replace("127.0.0.1", "[::ffff:127.0.0.1]"),
        fake.url.replace("127.0.0.1", "2130706433"),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "http://[fe80::1]/".to_owned(),
        "http://0.0.0.0/".to_owned(),
    ] {
        let settings: ChannelSettings = toml::from_str(&format!("kind = 'webhook'\nurl = '{url}'")).unwrap();
        let tried = send(&settings, &message(), &outbound).await;
        assert!(matches!(tried, Attempt::Never { .. }), "{url}: {tried:?}");
    }
    let mail = "kind = 'email'\nserver = '127.0.0.1:25'\ntls = 'none'\nfrom = 'a@example.com'\nto = ['b@example.com']";
    let settings: ChannelSettings = toml::from_str(mail).unwrap();
    assert!(matches!(send(&settings, &message(), &outbound).await, Attempt::Never { .. }));
    assert!(fake.got().is_empty());
}
