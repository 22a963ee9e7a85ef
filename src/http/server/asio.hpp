#pragma once

// The parts of Asio this folder is built on, with the executor's type fixed: type-erased executors cost at each
// operation.

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

namespace berth::http {

namespace asio = boost::asio;
using boost::system::error_code;

using AsioExecutor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<asio::ip::tcp, AsioExecutor>;
using Descriptor = asio::posix::basic_stream_descriptor<AsioExecutor>;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, AsioExecutor>;

} // namespace berth::http
