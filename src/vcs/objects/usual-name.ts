/**
 * Names in trees that no version of git refuses on any system (verify_path and is_ntfs_dotgit in git): ASCII without
 * separators of paths and streams, and nothing that could mean `.git`. Whatever has another name is git's to judge.
 */
const USUAL_NAME = /^(?!\.git(?![a-z]))(?!git~)(?!\.{1,2}$)[\w.+@=,#~ ()[\]{}-]{1,100}$/i;

/** Links of these names are refused: `.gitmodules`, `.gitattributes`, and what Windows takes for them. */
const REFUSED_LINK = /^(?:\.git|gi)/i;

export function isUsualName(name: string, kind: 'regular' | 'symlink' | 'submodule' | 'directory'): boolean {
  return USUAL_NAME.test(name) && !(kind === 'symlink' && REFUSED_LINK.test(name));
}
