//! Starting the command, or saying in a sentence why not.

use std::{
    env,
    ffi::OsStr,
    fs::{self, File},
    io,
    os::{
        fd::OwnedFd,
        unix::{fs::PermissionsExt, process::CommandExt},
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use super::{
    super::{
        files,
        output::Output,
        record::{Input, Order, Spec, secret_slot},
    },
    sealed,
};

/// Starts the command at the head of a process group of its own, or says why not.
pub(super) fn start(dir: &Path, order: &Order) -> Result<(Child, Output), String> {
    let spec = &order.spec;
    let Some((name, arguments)) = spec.argv.split_first() else {
        return Err("No program was named.".to_owned());
    };
    if !spec.cwd.is_dir() {
        return Err(format!("The working directory {:?} is not there or not a directory.", spec.cwd));
    }
    let program = find_program(name, spec)?;
    let secrets = secrets(order)?;
    let files = secret_files(order, &secrets)?;
    let spawned = stdin(dir, order.input).and_then(|stdin| {
        let (output, [stdout, stderr]) = Output::open(dir, spec.output_limit, &secrets)?;
        let child = Command::new(&program)
            .arg0(name)
            .args(arguments)
            .env_clear()
            .envs(&spec.env)
            .envs(order.secrets.iter().zip(&secrets))
            .envs(files.iter().map(|(variable, file)| (variable, sealed::path(file))))
            .current_dir(&spec.cwd)
            .process_group(0)
            .stdin(stdin)
            .stdout(stdout)
            .stderr(stderr)
            .spawn()?;
        Ok((child, output))
    });
    spawned.map_err(|error| format!("The program {program:?} could not be started: {error}."))
}

fn stdin(dir: &Path, input: Input) -> io::Result<Stdio> {
    match input {
        Input::Nothing => Ok(Stdio::null()),
        Input::File => Ok(File::open(dir.join(files::STDIN))?.into()),
    }
}

/// The values of the secrets, which are in the shim's own environment.
fn secrets(order: &Order) -> Result<Vec<String>, String> {
    let value = |(place, name): (usize, &String)| {
        env::var(secret_slot(place)).map_err(|_| format!("The secret {name:?} did not come with the command."))
    };
    order.secrets.iter().enumerate().map(value).collect()
}

/// The files of those secrets that are to have one, by the variable for the path. The command inherits them; they are to be
/// closed here once it runs.
fn secret_files<'a>(order: &'a Order, secrets: &[String]) -> Result<Vec<(&'a String, OwnedFd)>, String> {
    let file = |(name, value): (&String, &String)| {
        let variable = order.secret_files.get(name)?;
        let file = sealed::inherited_file(value.as_bytes());
        Some(match file {
            Ok(file) => Ok((variable, file)),
            Err(error) => Err(format!("The secret {name:?} could not be handed over as a file: {error}.")),
        })
    };
    order.secrets.iter().zip(secrets).filter_map(file).collect()
}

/// Where the program is. A name with a slash is taken as it is, from the working directory on; others are looked up in the
/// command's own `PATH`.
pub(in super::super::super) fn find_program(name: &str, spec: &Spec) -> Result<PathBuf, String> {
    if name.contains('/') {
        return if spec.cwd.join(name).exists() {
            Ok(PathBuf::from(name))
        } else {
            Err(format!("The program {name:?} is not there."))
        };
    }
    let Some(path) = spec.env.get("PATH") else {
        return Err(format!("The program {name:?} has no directory and the environment has no PATH to search."));
    };
    path.split(':')
        .filter(|dir| !dir.is_empty())
        .map(|dir| Path::new(dir).join(OsStr::new(name)))
        .find(|candidate| is_program(&spec.cwd.join(candidate)))
        .ok_or_else(|| format!("The program {name:?} was not found in PATH={path}."))
}

fn is_program(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}
