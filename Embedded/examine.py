"""What the Embedded proof reads out of an object file. Called by Embedded/prove."""

import json
import re
import subprocess
import sys

# All that the firmware may ask of a platform: memory moves, arithmetic that the processor lacks,
# the stack protector. A list of what is allowed, so that an allocator of any name is found.
PLATFORM = re.compile(
    r"memcpy|memmove|memset|memcmp"
    r"|__aeabi_(u?idiv|u?idivmod|u?ldivmod|lmul|llsl|llsr|lasr|u?lcmp|mem(cpy|move|set|clr)[48]?)"
    r"|__u?(div|mod|divmod)[sdt]i[34]|__mul[sdt]i3|__(ashl|lshr|ashr)[dt]i3|__u?cmp[dt]i2"
    r"|__clz[sd]i2|__ctz[sd]i2|__gnu_thumb1_case_\w+"
    r"|__stack_chk_(fail|guard)"
)
# Runtime functions that the compiler puts, weak, into every object. Firmware reaches none of them.
RUNTIME = re.compile(r"_?swift_\w+")
TRAPS = re.compile(r"^\s+[0-9a-f]+:\s+(ud1|ud2|brk|udf|trap|bkpt|ebreak|unimp|c\.unimp)\b")
# Derived conformances that every plain enumeration gets, wanted or not. Hashing needs a random seed
# from the platform; it is left out unless the firmware or the root calls it.
DERIVED = re.compile(r"\.(hash\(into:\)|hashValue\.getter|_rawHashValue\(seed:\))")
# What the compiler emits for a generic that it only keeps a name for.
DEAD = "_swift_dead_method_stub"
ROW = "{:<26} {:>10} {:>12} {:>12} {:>14}"


def run(*command, text=None):
    return subprocess.run(command, input=text, stdout=subprocess.PIPE, check=True, text=True).stdout


def demangle(names):
    names = list(names)
    lines = run("swift-demangle", "-simplified", "-compact", text="\n".join(names)).splitlines()
    return dict(zip(names, lines))


class Object:
    """Sections, their references to one another, and the trap instructions in each."""

    def __init__(self, path):
        self.size, self.is_code = {}, {}
        for line in run("llvm-objdump", "-h", path).splitlines():
            match = re.match(r"\s*\d+ (\S+)\s+([0-9a-f]{8}) [0-9a-f]+(.*)", line)
            if match:
                name, size, kind = match.groups()
                self.size[name], self.is_code[name] = int(size, 16), "TEXT" in kind

        self.undefined, self.home, self.offset = set(), {}, {}
        for line in run("llvm-objdump", "-t", path).splitlines():
            match = re.match(r"([0-9a-f]+) .{7} (\S+)\s+[0-9a-f]+ (?:\.\w+ )?(\S+)$", line)
            if not match:
                continue
            offset, section, symbol = match.groups()
            if section == "*UND*":
                self.undefined.add(symbol)
            else:
                self.home[symbol], self.offset[symbol] = section, int(offset, 16)

        self.references, section = {}, None
        for line in run("llvm-objdump", "-r", path).splitlines():
            if line.startswith("RELOCATION RECORDS FOR ["):
                section = line[line.index("[") + 1 : line.rindex("]")]
                continue
            match = re.match(r"[0-9a-f]+\s+R_\S+\s+(\S+?)([+-]0x[0-9a-f]+)?$", line)
            if match:
                target = self.home.get(match[1], match[1])
                if target not in (section, "*ABS*"):
                    self.references.setdefault(section, set()).add(target)

        self.traps, section = {}, None
        for line in run("llvm-objdump", "-d", "--no-show-raw-insn", path).splitlines():
            if line.startswith("Disassembly of section "):
                section = line[len("Disassembly of section ") : -1]
            elif TRAPS.match(line):
                self.traps[section] = self.traps.get(section, 0) + 1

    def reached(self):
        """Sections that the firmware and the root reach, and what they miss outside the object."""
        dead = {".text." + DEAD} | self.references.get(".text." + DEAD, set())
        mangled = re.compile(r"\.text\.\$[es]8Firmware\w+")
        names = demangle(n.removeprefix(".text.") for n in self.size if mangled.fullmatch(n))
        start = {
            ".text." + name
            for name, readable in names.items()
            if not DERIVED.search(readable)
            # A generic's placeholder, unless it is called after all.
            and not self.references.get(".text." + name, {None}) <= dead
        }
        found, todo = set(), list(start)
        while todo:
            name = todo.pop()
            if name not in found:
                found.add(name)
                todo += self.references.get(name, ())
        return found

    def callers(self, target, among):
        callers = (n.removeprefix(".text.") for n in among if target in self.references.get(n, ()))
        return " and ".join(sorted(demangle(callers).values()))


def examine_object(path, target, expectations):
    o = Object(path)
    reached = o.reached()
    problems = []

    for symbol in sorted(o.undefined & reached):
        if not PLATFORM.fullmatch(symbol):
            problems.append(
                f"{target}: {o.callers(symbol, reached)} needs {symbol}, which not every platform "
                "has; remove that call (what is allowed: PLATFORM in Embedded/examine.py)"
            )
    for name in sorted(reached):
        symbol = name.removeprefix(".text.")
        if RUNTIME.fullmatch(symbol):
            problems.append(
                f"{target}: {o.callers(name, reached)} reaches the runtime's {symbol}; remove the "
                "class, existential, escaping closure or lazy global there"
            )

    sites = {n.removeprefix(".text."): c for n, c in o.traps.items() if n in reached}
    count, expected = sum(sites.values()), None
    for line in open(expectations):
        words = line.split("#")[0].split()
        if words and words[0] == target:
            expected = int(words[1])
    if count != expected:
        names = demangle(sites)
        problems.append(
            f"{target}: {count} trap sites where Embedded/trap-sites says {expected}; make the "
            "arithmetic and the indexing in these functions total, or justify the number there"
        )
        problems += sorted(f"  {names[symbol]}: {n}" for symbol, n in sites.items())

    code = sum(o.size[n] for n in reached if o.is_code.get(n))
    data = sum(o.size[n] for n in reached if n in o.size and not o.is_code[n])
    print(ROW.format(target, code, data, constant(o, path, "edgeStateSize") or "-", count))
    return problems


def constant(o, path, name):
    """The value of a 32-bit constant that the root declares, or None."""
    symbol = f"$e8Firmware{len(name)}{name}s6UInt32Vvp"
    if symbol not in o.home:
        return None
    dump = run("llvm-objdump", "-s", "-j", o.home[symbol], path)
    words = "".join(re.findall(r"^ [0-9a-f]+ (.{35})", dump, re.MULTILINE)).replace(" ", "")
    return int.from_bytes(bytes.fromhex(words)[o.offset[symbol] :][:4], "little")


def examine_generics(path, interface):
    """Each public generic function, initialiser and written accessor must be specialised."""
    symbols = {line.split()[-1] for line in run("llvm-nm", path).splitlines() if line}
    # The suffix of a specialisation, with or without dropped metatype arguments.
    specialised = [s for s in symbols if re.search(r"T(t\d*)?[gG]\d\w*$", s)]
    generics = {}

    def walk(node, path):
        path = path + [node["printedName"]] if node.get("declKind") else path
        stored = node.get("hasStorage") or node.get("declKind") == "EnumElement"
        own = not (node.get("implicit") or node.get("protocolReq"))
        code = node.get("kind") in ("Function", "Constructor", "Accessor")
        if code and own and node.get("genericSig"):
            # Embedded Swift has a prefix of its own; an initialiser's symbol is the allocating one.
            symbol = re.sub(r"fc$", "fC", node["mangledName"].replace("$s", "$e", 1))
            generics[symbol] = ".".join(path)
        for child in node.get("children", []) + ([] if stored else node.get("accessors", [])):
            walk(child, path)

    walk(json.load(open(interface))["ABIRoot"], [])
    missing = [n for s, n in generics.items() if not any(t.startswith(s) for t in specialised)]
    print(f"generics specialised by the root: {len(generics) - len(missing)} of {len(generics)}")
    return [
        f"Embedded/Root.swift: never specialised: {name}; call it there on the null board"
        for name in sorted(missing)
    ]


def main(what, *arguments):
    if what == "heading":
        print(ROW.format("target", "code/bytes", "tables/bytes", "edge/bytes", "trap sites"))
        return 0
    problems = {"object": examine_object, "generics": examine_generics}[what](*arguments)
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


sys.exit(main(*sys.argv[1:]))
