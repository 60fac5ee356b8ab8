//! Programs that tests run against beside the server, as tests/tools installs them.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// The folder that tests/tools has installed to.
pub fn tools() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools");
        let output = Command::new(script)
            .stderr(Stdio::inherit())
            .output()
            .unwrap();
        assert!(output.status.success(), "tests/tools failed");
        PathBuf::from(String::from_utf8(output.stdout).unwrap().trim())
    })
}

/// A program of the folder `python/bin`.
pub fn python(program: &str) -> Command {
    Command::new(tools().join("python/bin").join(program))
}

/// A program that runs until this is dropped.
pub struct Running {
    child: Child,
    pub port: u16,
}

impl Running {
    /// Starts a server and waits until it prints where it listens: `ready` is what stands before
    /// the port.
    pub fn start(command: &mut Command, ready: &str) -> Self {
        Self::start_on(command, ready, None)
    }

    /// As [`Self::start`], for one that was told its port and does not print it.
    pub fn start_on(command: &mut Command, ready: &str, told: Option<u16>) -> Self {
        // Some print to one stream and some to the other, so both are one pipe.
        let (reader, writer) = std::io::pipe().unwrap();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(writer.try_clone().unwrap())
            .stderr(writer)
            .spawn()
            .unwrap();
        // The command holds the other end of the pipe, which must end with the child.
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut lines = BufReader::new(reader).lines().map_while(Result::ok);
        let mut printed = Vec::new();
        let found = lines.by_ref().find_map(|line| {
            let rest = line.split_once(ready).map(|(_, rest)| rest.to_owned());
            printed.push(line);
            let digits = rest?
                .chars()
                .take_while(char::is_ascii_digit)
                .collect::<String>();
            told.or_else(|| digits.parse().ok())
        });
        let Some(port) = found else {
            let _ = child.kill();
            panic!("{command:?} did not start: {printed:#?}");
        };
        // Whoever writes to a pipe that nobody reads stops.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, port }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
