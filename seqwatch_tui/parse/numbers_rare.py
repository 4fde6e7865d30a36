"""System call numbers of architectures that few hosts have: calls on files and some beside them, `name=number`.

Sources: ausyscall(8) --dump (ppc, s390x, arm), the kernel's syscall tables. From 424 on the numbers are those of every
architecture (see `numbers`). What is not listed is shown by its number. This module knows nothing of events.
"""

from __future__ import annotations

PPC = """
exit=1 fork=2 read=3 write=4 open=5 close=6 creat=8 link=9 unlink=10 execve=11 chdir=12 mknod=14 chmod=15 lchown=16
oldstat=18 mount=21 umount=22 setuid=23 ptrace=26 oldfstat=28 utime=30 access=33 kill=37 rename=38 mkdir=39 rmdir=40
dup=41 umount2=52 ioctl=54 fcntl=55 chroot=61 dup2=63 settimeofday=79 symlink=83 oldlstat=84 readlink=85 mmap=90
truncate=92 ftruncate=93 fchmod=94 fchown=95 statfs=99 socketcall=102 stat=106 lstat=107 fstat=108 clone=120
adjtimex=124 init_module=128 delete_module=129 fchdir=133 readv=145 writev=146 setresuid=164 pread=179 pwrite=180
chown=181 sendfile=186 vfork=189 mmap2=192 truncate64=193 ftruncate64=194 stat64=195 lstat64=196 fstat64=197
fcntl64=204 setxattr=209 lsetxattr=210 fsetxattr=211 getxattr=212 lgetxattr=213 fgetxattr=214 listxattr=215
llistxattr=216 flistxattr=217 removexattr=218 lremovexattr=219 fremovexattr=220 sendfile64=226 clock_settime=245
utimes=251 statfs64=252 splice=283 tee=284 vmsplice=285 openat=286 mkdirat=287 mknodat=288 fchownat=289 futimesat=290
fstatat64=291 unlinkat=292 renameat=293 linkat=294 symlinkat=295 readlinkat=296 fchmodat=297 faccessat=298
utimensat=304 fallocate=309 dup3=316 preadv=320 pwritev=321 fanotify_init=323 fanotify_mark=324 socket=326 bind=327
connect=328 listen=329 accept=330 sendto=335 recvfrom=337 sendmsg=341 recvmsg=342 accept4=344 name_to_handle_at=345
open_by_handle_at=346 finit_module=353 renameat2=357 bpf=361 execveat=362 copy_file_range=379 preadv2=380 pwritev2=381
statx=383 utimensat_time64=412
"""
"""POWER, 32 and 64 bit, both byte orders."""

S390X = """
exit=1 fork=2 read=3 write=4 open=5 close=6 creat=8 link=9 unlink=10 execve=11 chdir=12 mknod=14 chmod=15 mount=21
umount=22 ptrace=26 utime=30 access=33 kill=37 rename=38 mkdir=39 rmdir=40 dup=41 umount2=52 ioctl=54 fcntl=55
chroot=61 dup2=63 settimeofday=79 symlink=83 readlink=85 mmap=90 truncate=92 ftruncate=93 fchmod=94 statfs=99
socketcall=102 stat=106 lstat=107 fstat=108 clone=120 adjtimex=124 init_module=128 delete_module=129 fchdir=133
readv=145 writev=146 pread=180 pwrite=181 sendfile=187 vfork=190 lchown=198 fchown=207 setresuid=208 chown=212
setuid=213 setxattr=224 lsetxattr=225 fsetxattr=226 getxattr=227 lgetxattr=228 fgetxattr=229 listxattr=230
llistxattr=231 flistxattr=232 removexattr=233 lremovexattr=234 fremovexattr=235 clock_settime=259 statfs64=265
openat=288 mkdirat=289 mknodat=290 fchownat=291 futimesat=292 newfstatat=293 unlinkat=294 renameat=295 linkat=296
symlinkat=297 readlinkat=298 fchmodat=299 faccessat=300 splice=306 tee=308 vmsplice=309 utimes=313 fallocate=314
utimensat=315 dup3=326 preadv=328 pwritev=329 fanotify_init=332 fanotify_mark=333 name_to_handle_at=335
open_by_handle_at=336 finit_module=344 renameat2=347 bpf=351 execveat=354 socket=359 bind=361 connect=362 listen=363
accept4=364 sendto=369 sendmsg=370 recvfrom=371 recvmsg=372 copy_file_range=375 preadv2=376 pwritev2=377 statx=379
"""
"""IBM Z, 64 bit."""

ARM = """
exit=1 fork=2 read=3 write=4 open=5 close=6 creat=8 link=9 unlink=10 execve=11 chdir=12 mknod=14 chmod=15 lchown=16
mount=21 umount=22 setuid=23 ptrace=26 utime=30 access=33 kill=37 rename=38 mkdir=39 rmdir=40 dup=41 umount2=52
ioctl=54 fcntl=55 chroot=61 dup2=63 settimeofday=79 symlink=83 readlink=85 mmap=90 truncate=92 ftruncate=93 fchmod=94
fchown=95 statfs=99 socketcall=102 stat=106 lstat=107 fstat=108 clone=120 adjtimex=124 init_module=128
delete_module=129 fchdir=133 readv=145 writev=146 setresuid=164 pread64=180 pwrite64=181 chown=182 sendfile=187
vfork=190 mmap2=192 truncate64=193 ftruncate64=194 stat64=195 lstat64=196 fstat64=197 lchown32=198 fchown32=207
chown32=212 fcntl64=221 setxattr=226 lsetxattr=227 fsetxattr=228 getxattr=229 lgetxattr=230 fgetxattr=231
listxattr=232 llistxattr=233 flistxattr=234 removexattr=235 lremovexattr=236 fremovexattr=237 sendfile64=239
clock_settime=262 statfs64=266 utimes=269 socket=281 bind=282 connect=283 listen=284 accept=285 sendto=290
recvfrom=292 sendmsg=296 recvmsg=297 openat=322 mkdirat=323 mknodat=324 fchownat=325 futimesat=326 fstatat64=327
unlinkat=328 renameat=329 linkat=330 symlinkat=331 readlinkat=332 fchmodat=333 faccessat=334 splice=340 tee=342
vmsplice=343 utimensat=348 fallocate=352 dup3=358 preadv=361 pwritev=362 accept4=366 fanotify_init=367
fanotify_mark=368 name_to_handle_at=370 open_by_handle_at=371 finit_module=379 renameat2=382 bpf=386 execveat=387
copy_file_range=391 preadv2=392 pwritev2=393 statx=397 utimensat_time64=412
"""
"""ARM, 32 bit (EABI)."""
