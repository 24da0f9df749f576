//! Turns components into code of this machine: in this process, or in one of its own that may take so much time and
//! memory and no more. Keeps nothing, and takes code from no process but one it started.

use std::{
    fs::File,
    io::{self, Read, Seek, Write},
    path::PathBuf,
    process::{Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use wasmtime::component::Component;

use super::machine;
use crate::errors::Hint;

/// What compiling one component may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompileLimits {
    /// Processor time of all its threads together, in whole seconds. Default 60 s.
    pub time: Duration,
    /// Bytes of memory that can be written. Default 2 GiB.
    pub memory: u64,
}

impl CompileLimits {
    /// From the start of compiling to its end, however busy the machine is: a compiler that waits for ever ends as well.
    fn wall(self) -> Duration {
        const SLOWEST: u32 = 20;
        self.time.saturating_mul(SLOWEST)
    }
}

impl Default for CompileLimits {
    fn default() -> Self {
        Self { time: Duration::from_secs(60), memory: 2 << 30 }
    }
}

/// Why a component has no code.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    #[error("Cannot compile the component: {0}.")]
    Invalid(String),
    #[error("Baton ended the compiler because the component took more than {} s of processor time.", .0.as_secs())]
    Time(Duration),
    /// The machine has no time for it.
    #[error(
        "Compiling the component did not finish within {} s, though it used less processor time than `compile.time-s` allows. The machine is \
         busy.", .0.as_secs_f64()
    )]
    Wall(Duration),
    #[error("Baton ended the compiler because the component took more than {} MiB of memory.", .0 >> 20)]
    Memory(u64),
    #[error("The compiler crashed on the component ({0}).")]
    Broken(String),
    /// It was rejected before, and nothing has changed since.
    #[error("{0} This was found before.")]
    Remembered(String),
    #[error("Cannot start the compiler: {0}.")]
    Process(#[from] io::Error),
}

impl Hint for CompileError {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Invalid(_) => return None,
            Self::Time(_) => "Ask its author for a smaller build, or allow more with `compile.time-s` in your settings.".to_owned(),
            Self::Wall(_) => "Try again later.".to_owned(),
            Self::Memory(_) => "Ask its author for a smaller build, or allow more with `compile.memory-mib` in your settings.".to_owned(),
            Self::Broken(_) => "Try another build of it, and report this one.".to_owned(),
            Self::Remembered(_) => "Touch the file, or install it again, to have it tried again.".to_owned(),
            Self::Process(_) => "Make room for processes and temporary files.".to_owned(),
        })
    }
}

impl CompileError {
    /// Whether it would be the same the next time. What may be the machine's fault is tried again.
    pub(super) fn lasts(&self) -> bool {
        matches!(self, Self::Invalid(_) | Self::Time(_) | Self::Memory(_))
    }
}

/// Code of this machine, from a compiler of ours.
pub struct Code(Vec<u8>);

impl Code {
    /// As it is kept.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// As it is linked.
    pub(super) fn load(&self, engine: &wasmtime::Engine) -> Result<Component, CompileError> {
        #[expect(unsafe_code, reason = "deserialising runs what is in the code")]
        // SAFETY: only the two compilers below make a `Code`, and both are this program.
        let component = unsafe { Component::deserialize(engine, &self.0) };
        component.map_err(|error| CompileError::Broken(format!("{error:#}")))
    }
}

/// Compiles components.
pub trait Compiler: Send + Sync {
    /// The code of a component for `engine`. Blocks for a second per 2 MB.
    fn compile(&self, engine: &wasmtime::Engine, wasm: &[u8]) -> Result<Code, CompileError>;
    /// What it lets a component take; none where nothing is bounded. A refusal holds for these limits alone.
    fn limits(&self) -> Option<CompileLimits>;
}

/// Compiles here, without limits: for what is part of this program, and where there is no program to start.
pub struct InProcess;

impl Compiler for InProcess {
    fn compile(&self, engine: &wasmtime::Engine, wasm: &[u8]) -> Result<Code, CompileError> {
        engine.precompile_component(wasm).map(Code).map_err(|error| CompileError::Invalid(format!("{error:#}")))
    }

    fn limits(&self) -> Option<CompileLimits> {
        None
    }
}

/// Compiles in a process of its own, which is killed when it takes too much.
pub struct ChildProcess {
    /// This program.
    pub program: PathBuf,
    /// What the process may take.
    pub limits: CompileLimits,
}

/// The hidden command with which this program compiles: the component on standard input, the code on standard output.
pub const COMMAND: &str = "compile-component";

/// How often the process is looked after.
const LOOK: Duration = Duration::from_millis(2);

/// What a process says that is refused memory: for itself, by the system, or for the stacks of its threads.
const NO_ROOM: [&str; 4] = ["memory allocation of", "Cannot allocate memory", "out of memory", "ThreadPoolBuildError"];

impl Compiler for ChildProcess {
    fn compile(&self, _engine: &wasmtime::Engine, wasm: &[u8]) -> Result<Code, CompileError> {
        // Files, for a pipe has to be served while the process is waited for.
        let (input, mut output, mut complaint) = (file(wasm)?, tempfile::tempfile()?, tempfile::tempfile()?);
        let mut command = Command::new(&self.program);
        command.arg(COMMAND).args(["--memory", &self.limits.memory.to_string(), "--time-ms", &self.limits.time.as_millis().to_string()]);
        command.env_clear().stdin(Stdio::from(input)).stdout(Stdio::from(output.try_clone()?)).stderr(Stdio::from(complaint.try_clone()?));
        let status = self.awaited(&mut command)?;
        if status.success() {
            return Ok(Code(content(&mut output)?));
        }
        let complaint = content(&mut complaint)?;
        Err(self.reason(status, String::from_utf8_lossy(&complaint).trim()))
    }

    fn limits(&self) -> Option<CompileLimits> {
        Some(self.limits)
    }
}

impl ChildProcess {
    fn awaited(&self, command: &mut Command) -> Result<ExitStatus, CompileError> {
        let (mut child, begun) = (command.spawn()?, Instant::now());
        loop {
            if let Some(status) = child.try_wait()? {
                return Ok(status);
            }
            if begun.elapsed() > self.limits.wall() {
                // It may have ended by itself just now.
                let _ = child.kill();
                child.wait()?;
                return Err(CompileError::Wall(self.limits.wall()));
            }
            std::thread::sleep(LOOK);
        }
    }

    fn reason(&self, status: ExitStatus, complaint: &str) -> CompileError {
        if used_up(status) {
            return CompileError::Time(self.limits.time);
        }
        if NO_ROOM.iter().any(|sign| complaint.contains(sign)) {
            return CompileError::Memory(self.limits.memory);
        }
        match status.code() {
            Some(1) => CompileError::Invalid(complaint.to_owned()),
            _ => CompileError::Broken(complaint.lines().last().map_or_else(|| status.to_string(), str::to_owned)),
        }
    }
}

/// Whether a process was ended for the processor time that it took.
#[cfg(unix)]
fn used_up(status: ExitStatus) -> bool {
    std::os::unix::process::ExitStatusExt::signal(&status) == Some(rustix::process::Signal::XCPU.as_raw())
}

#[cfg(not(unix))]
fn used_up(_status: ExitStatus) -> bool {
    false
}

/// What the process of its own does: takes the limits upon itself and compiles what it reads.
pub fn compile_confined(limits: CompileLimits, mut wasm: impl Read) -> Result<Vec<u8>, CompileError> {
    confine(limits)?;
    let mut bytes = Vec::new();
    wasm.read_to_end(&mut bytes)?;
    let engine = machine::for_compiling().map_err(|error| CompileError::Broken(format!("{error:#}")))?;
    InProcess.compile(&engine, &bytes).map(|code| code.0)
}

#[cfg(unix)]
fn confine(limits: CompileLimits) -> io::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let set = |resource, most: u64| setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) });
    // Reserved address space does not count, only what can be written.
    set(Resource::Data, limits.memory)?;
    set(Resource::Core, 0)?;
    // Counted by the system, so that a busy machine takes nothing from it, and also where the host dies meanwhile. The
    // first bound ends the process with a signal that says why, the second whatever it does about that.
    let most = limits.time.as_secs().max(1);
    setrlimit(Resource::Cpu, Rlimit { current: Some(most), maximum: Some(most.saturating_add(5)) })?;
    Ok(())
}

#[cfg(not(unix))]
fn confine(_limits: CompileLimits) -> io::Result<()> {
    Ok(())
}

fn file(content: &[u8]) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    file.write_all(content)?;
    file.rewind()?;
    Ok(file)
}

fn content(file: &mut File) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut content)?;
    Ok(content)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A program that does what the script says, whatever it is asked.
    fn compiled_by(script: &str, time: Duration) -> CompileError {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("program");
        std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
        let compiler = ChildProcess { program, limits: CompileLimits { time, memory: 64 << 20 } };
        compiler.compile(&wasmtime::Engine::default(), b"wasm").err().unwrap()
    }

    #[test]
    fn a_process_that_goes_on_is_killed_and_may_be_tried_again() {
        let begun = Instant::now();
        let error = compiled_by("exec sleep 60", Duration::from_millis(10));
        assert!(begun.elapsed() < Duration::from_secs(20));
        assert!(error.to_string().contains("did not finish within 0.2 s") && !error.lasts(), "{error}");
    }

    #[test]
    fn processor_time_is_counted_and_waiting_is_not() {
        let error = compiled_by("ulimit -S -t 1; while :; do :; done", Duration::from_secs(1));
        assert!(error.to_string().contains("more than 1 s of processor time") && error.lasts(), "{error}");
        let error = compiled_by("sleep 0.2; echo 'it ended' >&2; exit 1", Duration::from_millis(100));
        assert!(error.to_string().contains("it ended"), "{error}");
    }

    #[test]
    fn why_a_process_ended_is_told() {
        let minute = Duration::from_secs(60);
        let said = |script| compiled_by(script, minute).to_string();
        assert!(said("echo 'memory allocation of 9 bytes failed' >&2; kill -ABRT $$").contains("more than 64 MiB"));
        assert!(said("echo 'started: out of memory.' >&2; exit 1").contains("more than 64 MiB"));
        assert!(said("echo 'no component' >&2; exit 1").contains("Cannot compile the component: no component"));
        assert!(said("echo 'a panic' >&2; exit 101").contains("crashed on the component (a panic)"));
        assert!(said("kill -SEGV $$").contains("signal: 11"));
    }

    #[test]
    fn what_cannot_be_started_is_told() {
        let compiler = ChildProcess { program: PathBuf::from("/nowhere/baton"), limits: CompileLimits::default() };
        let error = compiler.compile(&wasmtime::Engine::default(), b"").err().unwrap();
        assert!(error.to_string().contains("Cannot start the compiler"), "{error}");
    }
}
