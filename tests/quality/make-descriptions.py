"""Writes role-descriptions.yaml: role descriptions as boards print them, with the right answer.

`python3 make-descriptions.py > role-descriptions.yaml`. Standard library, always the same output.
Each description is one of the layouts below over capabilities and levels that are drawn at random,
so the labels are right by construction; sentences around the tables, behavioural indicators and
rows of other frameworks are there to mislead. Some are damaged as recognised scans are.
"""
import random

random.seed(18)
GROUPS = {
    "Personal Attributes": {
        "Display Resilience and Courage": "Be open and honest, prepared to express your views, and willing to accept and commit to change",
        "Act with Integrity": "Be ethical and professional, and uphold the public sector values",
        "Manage Self": "Show drive and motivation, an ability to self-reflect and a commitment to learning",
        "Value Diversity and Inclusion": "Demonstrate inclusive behaviour and show respect for diverse backgrounds and experiences"},
    "Relationships": {
        "Communicate Effectively": "Communicate clearly, actively listen to others, and respond with understanding and respect",
        "Commit to Customer Service": "Provide customer-focused services in line with public sector objectives",
        "Work Collaboratively": "Collaborate with others and value their contribution",
        "Influence and Negotiate": "Gain consensus and commitment from others, and resolve issues"},
    "Results": {
        "Deliver Results": "Achieve results through the efficient use of resources and a commitment to quality",
        "Plan and Prioritise": "Plan to achieve priority outcomes and respond flexibly to changing circumstances",
        "Think and Solve Problems": "Think, analyse and consider the broader context to develop practical solutions",
        "Demonstrate Accountability": "Be proactive and responsible for own actions, and adhere to legislation and policy"},
    "Business Enablers": {
        "Finance": "Understand and apply financial processes to achieve value for money and minimise financial risk",
        "Technology": "Understand and use available technologies to maximise efficiencies and effectiveness",
        "Procurement and Contract Management": "Understand and apply procurement processes to ensure effective purchasing and contract performance",
        "Project Management": "Understand and apply effective planning, coordination and control methods"},
    "People Management": {
        "Manage and Develop People": "Engage and motivate staff, and develop capability and potential in others",
        "Inspire Direction and Purpose": "Communicate goals, priorities and vision, and recognise achievements",
        "Optimise Business Outcomes": "Manage people and resources effectively to achieve public value",
        "Manage Reform and Change": "Support, promote and champion change, and assist others to engage with change"},
}
NAMES = {name: (group, text) for group, names in GROUPS.items() for name, text in names.items()}
LEVELS = ["Foundational", "Intermediate", "Adept", "Advanced", "Highly Advanced"]
INDICATORS = [
    "Plan, monitor and report on budgets and use technology to share results with the team",
    "Support others to act with integrity and follow the code",
    "Seek contributions and ideas from people with diverse backgrounds and experience",
    "Apply sound project management and procurement practice to the work of the unit",
    "Tailor communication to diverse audiences", "Ensure that advanced planning is in place",
    "Take calculated risks with intermediate goals in mind", "Consult, negotiate and manage expectations",
    "Monitor performance against standards and take timely corrective action",
    "Respond constructively to feedback and adept colleagues", "Prepare for the introduction of new technology",
]
LEADS = [
    "Policy Officer, Water Reform\nPrimary purpose of the role\nThe role supports finance, technology and procurement projects across the division.",
    "ROLE DESCRIPTION\nSenior Project Officer\nClassification/Grade/Band  Clerk Grade 7/8\nANZSCO Code  511112\nPCAT Code  1119192\nDate of Approval  March 2024",
    "Customer Service Officer\nKey accountabilities\n- Provide advanced advice to customers\n- Work collaboratively with other teams to deliver results for regional communities",
    "Manager Assets\nAgency overview\nWe deliver results for the people of NSW. Our values are trust, service, accountability and integrity.\nDirect reports  4\nBudget/Expenditure  $1.2m",
    "ICT Support Technician\nKey challenges\n- Keeping up with emerging technology within an intermediate network\n- Managing competing priorities",
]
FRAME = "The NSW Public Sector Capability Framework describes the capabilities (knowledge, skills and abilities) needed to perform a role. There are four main groups of capabilities: personal attributes, relationships, results and business enablers, with a fifth people management group for people managers."
FOCUS = "Focus capabilities are the capabilities considered the most important for effective performance of the role. These capabilities will be assessed at recruitment."
COMPLEMENTARY = "Complementary capabilities are also identified from the Capability Framework and relevant occupation-specific capability sets. They are important to identifying performance required for the role and development opportunities."
OTHERS = [("Finance", "Finance Operations and Systems", "Level 2"), ("Procurement", "Strategic Procurement Leadership", "Level 3"),
          ("ICT", "Strategy and Architecture: Enterprise IT governance", "Level 5 - GOVN"), ("ICT", "Programming/software development", "Tevel 4 (PROG)"),
          ("Human Resources", "Workforce Strategy", "Level 1"), ("Legal", "Legal advice and advocacy", "Level 2")]


def draw(count):
    """Capabilities with level, in the framework's order."""
    names = list(NAMES)
    return [(n, random.choice(LEVELS)) for n in sorted(random.sample(names, count), key=names.index)]


def slug(text):
    return text.lower().replace(" ", "-")


def labels(pairs, kind):
    return [(slug(name), slug(level), kind) for name, level in pairs]


def bullets():
    return "".join(f"\n- {line}" for line in random.sample(INDICATORS, random.randint(2, 3)))


def focus_rows(pairs, gap):
    last, out = "", []
    for name, level in pairs:
        group, text = NAMES[name]
        lead = group if group != last else ""
        last = group
        out.append(gap.join(x for x in (lead, f"{name} {text}", f"• {random.choice(INDICATORS)} • {random.choice(INDICATORS)}", level) if x))
    return "\n".join(out)


def tables(gap, split=False, other=False):
    """The two tables of a NSW role description, rows as lines or cells as lines."""
    focus, more = draw(random.randint(5, 9)), None
    left = [n for n in NAMES if n not in {f for f, _ in focus}]
    more = [(n, random.choice(LEVELS)) for n in left[:random.randint(4, len(left))]]
    head = gap.join(("Capability group/sets", "Capability name", "Behavioural indicators", "Level"))
    if split:
        rows, last = [], ""
        for name, level in focus:
            group, text = NAMES[name]
            rows.append(("" if group == last else group + "\n") + f"{name}\n{text}{bullets()}\n{level}")
            last = group
        first = "\n".join(rows)
    else:
        first = focus_rows(focus, gap)
    second = "\n".join(gap.join((NAMES[n][0], n, NAMES[n][1], l)) for n, l in more)
    if other:
        second += "".join("\n" + gap.join((g, n, "Plans and runs it with advanced skill", l)) for g, n, l in random.sample(OTHERS, 3))
    head2 = gap.join(("Capability group/sets", "Capability name", "Description", "Level"))
    body = f"Capabilities for the role\n{FRAME}\n\nFocus capabilities\n{FOCUS}\n\nFOCUS CAPABILITIES\n{head}\n{first}\n\nComplementary capabilities\n{COMPLEMENTARY}\n\nCOMPLEMENTARY CAPABILITIES\n{head2}\n{second}"
    return body, labels(focus, "focus") + labels(more, "complementary")


def listed(form, heading, kind="mentioned"):
    pairs = draw(random.randint(5, 10))
    lines = "\n".join(form.format(name=n, level=l, group=NAMES[n][0], lower=l.lower()) for n, l in pairs)
    return f"{heading}\n{lines}\n\nFor enquiries contact the hiring manager.", labels(pairs, kind)


def by_level():
    pairs, out = draw(9), []
    for level in LEVELS:
        names = [n for n, l in pairs if l == level]
        if names:
            out.append(f"{level}: {', '.join(names)}")
    return "To do well in this role you will show:\n" + "\n".join(out), labels(pairs, "mentioned")


def matrix():
    pairs = draw(8)
    head = "| Capability | " + " | ".join(LEVELS) + " |\n|---|" + "---|" * 5
    rows = "\n".join(f"| {n} | " + " | ".join("X" if l == level else " " for level in LEVELS) + " |" for n, l in pairs)
    return f"Capability summary\n{head}\n{rows}", labels(pairs, "mentioned")


def pipes():
    focus, more = draw(6), draw(4)
    more = [(n, l) for n, l in more if n not in {f for f, _ in focus}]
    row = lambda n, l: f"| {NAMES[n][0]} | {n} | {l} |"
    return ("Focus capabilities\n| Group | Capability | Level |\n|---|---|---|\n" + "\n".join(row(*p) for p in focus)
            + "\n\nComplementary capabilities\n| Group | Capability | Level |\n|---|---|---|\n" + "\n".join(row(*p) for p in more)), labels(focus, "focus") + labels(more, "complementary")


def level_first():
    pairs = draw(7)
    return "Core capabilities required\n" + "\n".join(f"{l}  {n}" for n, l in pairs), labels(pairs, "mentioned")


def sentence():
    pairs = draw(4)
    told = "; ".join(f"{n} ({l} level)" for n, l in pairs)
    return f"You will be assessed against the following focus capabilities: {told}. Please attach a cover letter of two pages.", labels(pairs, "focus")


def damage(text):
    """As a recognised scan: a letter here and there, broken words, blanks."""
    swaps = [("Adept", "Adeot"), ("Intermediate", "lntermediate"), ("Foundational", "Foundationai"), ("Level", "Tevel"), ("Effectively", "Effectlvely"),
             ("Prioritise", "Priorltise"), ("Resilience", "Resillence"), ("Advanced", "Advarced"), ("Integrity", "lntegrity"), ("Customer Service", "Customer  Service"),
             ("Collaboratively", "Col1aboratively"), ("Accountability", "Accountabiiity"), ("Project Management", "Project Managernent"), ("Diversity", "Diversitv")]
    for old, new in swaps:
        parts = text.split(old)
        text = parts[0] + "".join((new if random.random() < 0.35 else old) + part for part in parts[1:])
    return text


def upper(text):
    for name in NAMES:
        text = text.replace(name, name.upper())
    return text


def sentence_case(text):
    for name in NAMES:
        text = text.replace(name, name.capitalize())
    return text


PLANS = (
    [lambda: tables("  ")] * 7 + [lambda: tables("  ", other=True)] * 6 + [lambda: tables("  ", split=True)] * 7 + [lambda: tables("\t", other=True)] * 4
    + [lambda: listed("{name} - {level}", "Essential requirements and capabilities:")] * 3 + [lambda: listed("- {name}: {level}", "Capabilities")] * 2
    + [lambda: listed("• {name} ({level})", "Focus capabilities for this role", "focus")] * 3 + [lambda: listed("{name} – Level: {lower}", "What we will assess")] * 2
    + [lambda: listed("{group} / {name} / {level}", "Complimentary capabilities", "complementary")] * 2 + [lambda: listed("{name}\n{level}", "Capability  Level")] * 2
    + [by_level] * 4 + [matrix] * 3 + [pipes] * 5 + [level_first] * 3 + [sentence] * 3
    + [lambda: tuple((damage(t), l) for t, l in [tables("  ", other=True)])[0]] * 4 + [lambda: tuple((damage(t), l) for t, l in [listed("{name} - {level}", "Capabilities")])[0]] * 2
    + [lambda: tuple((upper(t), l) for t, l in [tables("  ")])[0]] * 1 + [lambda: tuple((sentence_case(t), l) for t, l in [tables("  ", split=True)])[0]] * 1
)

print("# Role descriptions with the capabilities of nsw-core-capabilities that they name. Written by")
print("# make-descriptions.py, which says how; change that, not this.")
print("texts:")
for plan in PLANS:
    body, rows = plan()
    text = random.choice(LEADS) + "\n\n" + body
    print("- text: |")
    print("\n".join(("    " + line) if line.strip() else "" for line in text.split("\n")))
    print("  capabilities:")
    for name, level, kind in rows:
        print(f"    - {{ id: {name}, level: {level}, kind: {kind} }}")
