"""seeds - what the tests by seed share: their command line, and the files of a case that failed.

Takes nothing but arguments; knows neither mutations nor captures.
"""
import argparse
import os
import shutil
import tempfile


def parser(doc, cases):
    p = argparse.ArgumentParser(description=doc.splitlines()[0])
    p.add_argument("--binary", default="./smtpwhy")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--cases", type=int, default=cases)
    p.add_argument("--keep", default=os.path.join(tempfile.gettempdir(), "smtpwhy-property"))
    p.add_argument("--only", type=int, help="this seed alone")
    p.add_argument("--most", type=int, default=10, help="stop after so many failures")
    p.add_argument("captures", nargs="+")
    return p


def chosen(args):
    return [args.only] if args.only is not None else range(args.seed, args.seed + args.cases)


def keep_files(keep, name, scratch):
    kept = os.path.join(keep, name)
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(scratch, kept)
    return kept
