//! Hosts of several kinds: whatever stands behind `sh` there, and with little else.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    time::Duration,
};

use warroom::steps::remote::RemoteExit;

use super::{
    far::{Far, until},
    step::Step,
};

/// All that the far side calls, without `setsid` and `ps`.
const TOOLS: [&str; 13] =
    ["awk", "cat", "env", "head", "mkdir", "mv", "nohup", "printf", "rm", "sleep", "tail", "tr", "wc"];

fn find(name: &str) -> Option<PathBuf> {
    ["/usr/bin", "/bin"].map(|dir| Path::new(dir).join(name)).into_iter().find(|path| path.exists())
}

/// A host whose `sh` is this, and which has the [`TOOLS`] and `more` and nothing else.
async fn host(sh: &str, more: &[&str]) -> Option<Far> {
    let Some(sh) = find(sh) else {
        eprintln!("SKIPPED: steps on hosts whose sh is {sh}: it is not installed");
        return None;
    };
    Far::with_tools(|dir| {
        let bin = dir.join("bin");
        fs::create_dir(&bin).unwrap();
        symlink(sh, bin.join("sh")).unwrap();
        for tool in TOOLS.iter().chain(more) {
            symlink(find(tool).unwrap(), bin.join(tool)).unwrap();
        }
        bin.display().to_string()
    })
    .await
}

/// Words, output, a cut, and a stop that must kill.
async fn works(far: Far) {
    let words = ["it's", "$(x)", "\\n", "a\nb", "", "\u{c1}\u{88}", "-e", "*"];
    let argv = [&["printf", "<%s>"][..], &words].concat();
    let mut step = Step::command(&far, "s1", &argv);
    step.spec.env.insert("X".into(), "'\\n'".into());
    assert_eq!(step.run().await, RemoteExit::Exited { code: 0 });
    assert_eq!(step.text(), words.map(|word| format!("<{word}>")).concat());

    let mut deaf = Step::script(
        &far,
        "s2",
        "trap '' TERM; printf 'E 0\\n\\000\\377'; printf '%s\\n' \"$X\"; (while :; do sleep 1000; done) & echo $!; \
         while :; do sleep 1000; done",
    );
    deaf.spec.secrets.insert("X".into());
    deaf.secrets.push(("X".into(), "x'\\n'".into()));
    deaf.spec.grace = Duration::from_secs(1);
    let follower = deaf.start();
    let lines = || String::from_utf8_lossy(&deaf.output()).lines().map(str::to_owned).collect::<Vec<_>>();
    until("it speaks", || lines().len() == 3).await;
    far.proxy.cut();
    until("a new connection", || far.let_in() == 2).await;
    let said = lines();
    assert_eq!(said[..2], ["E 0", "\0\u{fffd}x'\\n'"]);
    follower.ask_to_stop();
    assert_eq!(follower.end().await.1, RemoteExit::Stopped);
    let child = Path::new("/proc").join(&said[2]);
    until("its child goes", || !fs::read_to_string(child.join("stat")).is_ok_and(|stat| !stat.contains(") Z "))).await;
}

/// Secrets come as files too, without a trace on the host.
async fn hands_over_files(far: Far) {
    let text = "umask; exec 3>&1; cat \"$FILE_0\" \"$FILE_0\" | cat; sh -c 'cat $FILE_5'; echo; wc -c <\"$FILE_1\"; \
                echo \"${FILE_6-none}\"; ls -l /proc/$$/fd | grep -c 'secret (deleted)'";
    let mut step = Step::script(&far, "s1", text);
    for n in 0..7 {
        let (name, path) = (format!("SECRET_{n}"), format!("FILE_{n}"));
        step.spec.secrets.insert(name.clone());
        step.spec.secret_files.insert(name.clone(), path);
        step.secrets.push((name, if n == 1 { String::new() } else { format!("{n} it's\\n a \"secret\"\n%s") }));
    }
    step.spec.env.insert("PATH".into(), "/usr/bin:/bin".into());
    assert_eq!(step.run().await, RemoteExit::Exited { code: 0 });
    let (first, last) = ("0 it's\\n a \"secret\"\n%s", "5 it's\\n a \"secret\"\n%s");
    assert_eq!(step.text(), format!("0022\n{first}{first}{last}\n0\nnone\n6\n"));
    let left = fs::read_dir("/dev/shm").unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(left.filter(|name| name.contains(step.spec.key.as_str())).count(), 0);
}

#[tokio::test]
async fn secrets_are_files_too_in_every_shell() {
    if !fs::read_to_string("/proc/mounts").unwrap().lines().any(|line| line.contains(" /dev/shm tmpfs ")) {
        eprintln!("SKIPPED: secrets as files on a host: /dev/shm is not in memory");
        return;
    }
    for sh in ["dash", "bash", "busybox", "mksh", "ksh"] {
        if let Some(far) = host(sh, &["setsid"]).await {
            hands_over_files(far).await;
        }
    }
}

#[tokio::test]
async fn a_host_whose_sh_is_dash_works() {
    if let Some(far) = host("dash", &["setsid"]).await {
        works(far).await;
    }
}

#[tokio::test]
async fn a_host_whose_sh_is_bash_works() {
    if let Some(far) = host("bash", &["setsid"]).await {
        works(far).await;
    }
}

#[tokio::test]
async fn a_host_whose_sh_is_busybox_works() {
    if let Some(far) = host("busybox", &["setsid"]).await {
        works(far).await;
    }
}

#[tokio::test]
async fn a_host_whose_sh_is_mksh_works() {
    if let Some(far) = host("mksh", &["setsid"]).await {
        works(far).await;
    }
}

#[tokio::test]
async fn a_host_without_setsid_works() {
    if let Some(far) = host("dash", &[]).await {
        works(far).await;
    }
}
