# Debian packages of other suites and processors, by this machine's own mirror, with lists and cache
# of their own: nothing of the system is touched. To be sourced.

# Ends the script that sources this; 69: what is needed is not to be had.
unavailable() {
  echo "arm64/${0##*/}: $1" >&2
  exit 69
}

# lists FOLDER SUITE ARCHITECTURE: gets the lists of a suite; from then on `own FOLDER` says where.
lists() {
  local folder=$1 suite=$2 architecture=$3 mirror
  # Where this machine gets Debian's packages from.
  mirror=$(apt-get indextargets --format '$(REPO_URI)' \
    'Created-By: Packages' 'Origin: Debian' 'Label: Debian' 'Component: main' | sort -u | head -n 1)
  [ -n "$mirror" ] ||
    unavailable "this system has no Debian package source with lists; run apt-get update"
  mkdir -p "$folder/lists/partial" "$folder/cache/archives/partial"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" \
    >"$folder/sources"
  # Without a status file nothing counts as installed, so that all that is needed is got. The folder is
  # the caller's own: a lock would be the system's, and root's.
  printf '%s;\n' "Dir::Etc::SourceList \"$folder/sources\"" 'Dir::Etc::SourceParts "/dev/null"' \
    "Dir::State::Lists \"$folder/lists\"" 'Dir::State::Status "/dev/null"' \
    "Dir::Cache \"$folder/cache\"" "APT::Architecture \"$architecture\"" \
    'APT::Install-Recommends "false"' 'APT::Sandbox::User "root"' 'Debug::NoLocking "true"' \
    'Acquire::Languages "none"' \
    >"$folder/apt.conf"
  # Other architectures of this system would be asked for too.
  echo '#clear APT::Architectures;' >>"$folder/apt.conf"
  echo "APT::Architectures \"$architecture\";" >>"$folder/apt.conf"
  apt-get -c "$folder/apt.conf" -q update >&2 </dev/null ||
    unavailable "the package lists of Debian's suite $suite for $architecture could not be got"
}

# version FOLDER PACKAGE: its version in the suite of those lists, or nothing.
version() {
  apt-cache -c "$1/apt.conf" policy "$2" | sed -n 's/^ *Candidate: *\([0-9].*\)/\1/p'
}

# download FOLDER GOAL PACKAGE...: these and all that they depend on, into a folder.
download() {
  local folder=$1 goal=$2
  shift 2
  apt-get -c "$folder/apt.conf" -q -y --download-only install "$@" >&2 </dev/null ||
    unavailable "the packages could not be got: $*"
  mkdir -p "$goal"
  mv "$folder"/cache/archives/*.deb "$goal"
}

# unpack ROOT PACKAGE-FILE... [-- TAR-OPTION...]: the files alone, no scripts.
unpack() {
  local root=$1 files=() file
  shift
  while [ $# -gt 0 ] && [ "$1" != -- ]; do files+=("$1"); shift; done
  [ $# = 0 ] || shift
  for file in "${files[@]}"; do
    dpkg-deb --fsys-tarfile "$file" |
      tar -x -C "$root" --keep-directory-symlink --no-same-owner "$@"
  done
}
