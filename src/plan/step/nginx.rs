//! Upstreams of nginx.

use crate::core::plan::{NginxUpstream, UpstreamRole, UpstreamServer, Verify, is_upstream_name};

use super::Scope;
use super::http::headers;
use super::program::argv;
use crate::plan::fields::{Field, Shape};
use crate::plan::values::quote;

const NGINX: Shape =
    Shape { what: "an nginx step", fields: &["file", "upstream", "servers", "check", "reload", "pid_file", "verify"] };
const SERVER: Shape = Shape { what: "a server of an upstream", fields: &["address", "weight", "backup", "down"] };
const VERIFY: Shape = Shape { what: "a page that shows the new side", fields: &["url", "header", "contains"] };

/// Most that nginx itself reads of a weight.
const MOST_WEIGHT: u64 = 65_535;

pub(super) fn nginx(field: &Field<'_>, scope: &Scope<'_>) -> Option<NginxUpstream> {
    let fields = field.fields(NGINX)?;
    let file = fields.need("file", "/etc/nginx/upstreams/shop.conf").and_then(|f| f.path());
    let upstream = fields.need("upstream", "its name").and_then(|f| upstream(&f));
    let servers = fields.need("servers", "[{address: \"10.0.2.5:80\"}]").map(|f| f.some_items("server"));
    let servers: Option<Vec<Option<UpstreamServer>>> =
        servers.map(|items| items.iter().map(|item| server(item, scope)).collect());
    let check = fields.need("check", "[nginx, -t]").and_then(|f| argv(&f, scope));
    let reload = fields.need("reload", "[nginx, -s, reload]").and_then(|f| argv(&f, scope));
    let pid_file = fields.get("pid_file").map(|f| f.path());
    let verify = fields.get("verify").map(|f| verify(&f, scope));
    if pid_file.is_none() && verify.is_none() {
        let right = "pid_file: /run/nginx.pid, or verify: {url, header or contains}".to_owned();
        fields.faults().error(fields.head(), "nothing would show that nginx has loaded it", Some(right));
    }
    Some(NginxUpstream {
        file: file?,
        upstream: upstream?,
        servers: servers?.into_iter().collect::<Option<_>>()?,
        check: check?,
        reload: reload?,
        pid_file: pid_file.flatten(),
        verify: verify.flatten(),
    })
}

fn upstream(field: &Field<'_>) -> Option<String> {
    let name = field.raw()?;
    if is_upstream_name(name) {
        return Some(name.to_owned());
    }
    let right = "letters, digits, '-', '_' and '.', the first a letter or digit".to_owned();
    field.wrong(format!("{} is no name of an upstream", quote(name)), Some(right))
}

fn server(field: &Field<'_>, scope: &Scope<'_>) -> Option<UpstreamServer> {
    let fields = field.fields(SERVER)?;
    let address = fields.need("address", "\"10.0.2.5:80\"").and_then(|f| f.host_and_port_template(&scope.names));
    let weight = fields.get("weight").map_or(Some(1), |f| f.whole(1..=MOST_WEIGHT));
    let backup = fields.get("backup").map_or(Some(false), |f| f.flag());
    let down = fields.get("down").map_or(Some(false), |f| f.flag());
    if let (Some(true), Some(true), Some(field)) = (backup, down, fields.get("backup")) {
        field.wrong::<()>("a server that is down is no backup", Some("one of backup and down".to_owned()));
    }
    let role = match (backup?, down?) {
        (_, true) => UpstreamRole::Down,
        (true, false) => UpstreamRole::Backup,
        (false, false) => UpstreamRole::Serves,
    };
    Some(UpstreamServer { address: address?, weight: u32::try_from(weight?).ok()?, role })
}

fn verify(field: &Field<'_>, scope: &Scope<'_>) -> Option<Verify> {
    let fields = field.fields(VERIFY)?;
    let url = fields.need("url", "http://host/path").and_then(|f| f.url_template(&scope.names));
    let header = fields.get("header").map(|f| headers(&f, scope));
    let contains = fields.get("contains").map(|f| f.verbatim());
    if header.is_none() && contains.is_none() {
        let right = "header: {x-site: west}, or contains: text".to_owned();
        field.faults.error(field.at(), "any side could answer it", Some(right));
    }
    Some(Verify { url: url?, header: header.unwrap_or_default(), contains: contains.flatten() })
}

/// What such a step without a name is called.
pub(super) fn title(upstream: &NginxUpstream) -> String {
    let servers: Vec<&str> = upstream.servers.iter().map(|server| server.address.source()).collect();
    format!("Upstream {}: {}", upstream.upstream, servers.join(", "))
}
