# Becomes the command: the words after the first, which is the umask. The descriptors are named once more, as some shells
# close those that they opened.
umask "$1"
shift
if [ "${wr_path+set}" ]; then
  PATH=$wr_path
  export PATH
  unset wr_path
fi
eval "exec \"\$@\"$wr_held"
